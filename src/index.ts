/**
 * Sameseed: same image, same seed, same actions, same bytes; every rollout in its own fresh sandbox.
 * @module
 */
export { SameseedError, isSameseedError, type ErrorDetails } from "./base/error.ts";
export type { ErrorCode } from "./base/error-codes.ts";
export type { JsonObject, JsonValue } from "./model/json.ts";
export { defaultLimits, type Limits } from "./model/limits.ts";
export { isComplete, outcomes, type Outcome, type RolloutFault } from "./model/outcome.ts";
export type { Receipt } from "./model/receipt.ts";
export type { RolloutSummary, Timings } from "./model/rollout.ts";
export type { Divergence } from "./model/trajectory.ts";
export type { TrajectoryStep } from "./model/trajectory-step.ts";
export { buildImage } from "./image/build-image.ts";
export { listImages, removeImage, resolveImage } from "./image/image-store.ts";
export type { CommandOptions, CommandResult, SandboxProcess } from "./sandbox/command-types.ts";
export { runDoctor, type DoctorCheck, type DoctorOptions } from "./sandbox/doctor.ts";
export { Sandbox } from "./sandbox/sandbox.ts";
export type { FileCallOptions, SandboxFileEntry, SandboxFiles } from "./sandbox/sandbox-files.ts";
export { closeSandboxes } from "./sandbox/sandbox-host.ts";
export type { SandboxOptions } from "./sandbox/sandbox-options.ts";
export { collectRollouts, runRollout, type RolloutBatch } from "./rollout/collect-rollouts.ts";
export type { BatchConfig, PolicyInput, RolloutConfig, RolloutOptions } from "./rollout/rollout-config.ts";
export type { RolloutResult } from "./rollout/rollout-result.ts";
export { Trajectory } from "./rollout/trajectory.ts";
export { recordRun, type OpenRun, type RecordRunConfig } from "./store/record-run.ts";
export { RunReader } from "./store/run-reader.ts";
export { replayRollout, type ReplayResult } from "./verify/replay-rollout.ts";
export { verifyRun, type VerifyOptions, type VerifyResult } from "./verify/verify-run.ts";
