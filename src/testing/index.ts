/** The door for those who test a sandbox backend of their own. */
export type {
  BackendReceipt,
  EndCause,
  GroupPlan,
  Job,
  JobFile,
  Link,
  OutputChannel,
  OutputHandler,
  RunningSandbox,
  SandboxBackend,
  SandboxEnd,
  SandboxPlan,
} from "../sandbox/contract.ts";
export type { ContractCheck } from "./contract-check.ts";
export { sandboxContract } from "./sandbox-contract.ts";
