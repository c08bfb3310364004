/** The door for those who test a sandbox backend of their own. */
// The contract of sandbox backends (experimental)
export type {
  AuditDemands,
  BackendReceipt,
  BranchPlan,
  Checkpoint,
  CopySource,
  EndCause,
  GroupPlan,
  Job,
  JobBase,
  JobFile,
  Link,
  OutputChannel,
  OutputHandler,
  RunningSandbox,
  SandboxBackend,
  SandboxEnd,
  SandboxPlan,
  SandboxTree,
  TreePlan,
  TrunkSandbox,
} from "../sandbox/contract.ts";
export type { WorldSettings } from "../sandbox/world-settings.ts";
export type { ContractCheck } from "./contract-check.ts";
export { sandboxContract } from "./sandbox-contract.ts";
