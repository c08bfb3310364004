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
export { checkImage } from "./image/check-image.ts";
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
export { Trajectory } from "./trajectory/trajectory.ts";
export { recordRun, type OpenRun, type RecordRunConfig } from "./store/record-run.ts";
export { RunReader } from "./store/run-reader.ts";
export { replayRollout, type ReplayResult } from "./verify/replay-rollout.ts";
export { verifyRun, type VerifyOptions, type VerifyResult } from "./verify/verify-run.ts";
export { exactWorth, type ExactWorth } from "./evaluate/learning/exact-worth.ts";
export {
  improvePolicy,
  type ImproveOptions,
  type Improvement,
  type ImprovementRound,
} from "./evaluate/learning/improve-policy.ts";
export {
  parseQPolicy,
  qPolicyCode,
  type QPolicy,
  type QPolicyCodeOptions,
} from "./evaluate/learning/q-policy-code.ts";
export { qTablePolicy, type QTable } from "./evaluate/learning/q-table.ts";
export type { SavedImprovement } from "./evaluate/learning/training-checkpoint.ts";
export type { Schedule, TrainingSettings } from "./evaluate/learning/training-settings.ts";
export { trainPolicy, trainTttPolicy, type TrainingOptions } from "./evaluate/learning/training.ts";
export type { LeaguePlan } from "./evaluate/league/league-file.ts";
export type { LeaguePlayerInput } from "./evaluate/league/league-players.ts";
export type { LeagueTable, Payoff, PlayerTally } from "./evaluate/league/league-report.ts";
export type { LeagueLeg, Pairing } from "./evaluate/league/pairing.ts";
export { type LeagueConfig, type LeagueResult, runLeague } from "./evaluate/league/run-league.ts";
export {
  checkPolicy,
  type CheckedFault,
  type CheckOptions,
  type PolicyCheck,
} from "./evaluate/check/check-policy.ts";
export type { PolicyInterface } from "./evaluate/check/inspect-policy.ts";
export { PersonalGame, playAgainst, type PlayAgainstOptions } from "./games/play/play-against.ts";
export type { PlayEnd, PlayView } from "./games/play/play-view.ts";
export { saveGame } from "./games/play/save-game.ts";
export type { GameSpec, SeatPolicyInput } from "./games/game-spec.ts";
export { comparePolicies, type CompareConfig, type Comparison } from "./evaluate/matchup/compare-policies.ts";
export type { Strength } from "./evaluate/matchup/compare-report.ts";
export {
  evaluateMatchup,
  runMatchup,
  runTttBatch,
  type MatchupConfig,
  type MatchupResult,
  type SeedMatchupResult,
  type SeedResult,
  type TttBatchResult,
  type TttConfig,
} from "./evaluate/matchup/evaluate-matchup.ts";
export type { ExactMatchup } from "./evaluate/matchup/exact-matchup.ts";
export type { MatchForfeit, MatchGame } from "./evaluate/matchup/match-game.ts";
export type { MatchupOptions, SeedMatchupConfig } from "./evaluate/matchup/matchup-config.ts";
export type {
  FaultCounts,
  MatchupReport,
  SeatRecord,
  SeedRecord,
} from "./evaluate/matchup/report-matchup.ts";
export type { SelfCheck } from "./evaluate/matchup/self-check.ts";
export { verifyMatchup, type MatchupVerification } from "./evaluate/matchup/verify-matchup.ts";
export type { Interval } from "./stats/interval.ts";
export { auditEnvironment, type AuditOptions } from "./verify/audit/audit-environment.ts";
export type { AuditCause, AuditReport, AuditVerdict } from "./verify/audit/audit-report.ts";
