/**
 * Sameseed: same image, same seed, same actions, same bytes; every rollout in its own fresh sandbox.
 * @module
 */
// Errors and values
export { SameseedError, isSameseedError, type ErrorDetails } from "./base/error.ts";
export type { ErrorCode, ErrorKind } from "./base/error-codes.ts";
export type { Digest } from "./base/digest.ts";
export type { JsonObject, JsonValue } from "./model/json.ts";

// Rollouts
export { collectRollouts, runRollout, type RolloutBatch } from "./rollout/collect-rollouts.ts";
export type {
  BatchConfig,
  PolicyInput,
  RolloutConfig,
  RolloutOptions,
  StartMode,
} from "./rollout/rollout-config.ts";
export type { FilesInput } from "./rollout/read-files.ts";
export type { ActionList, SourcePath, SourceText } from "./rollout/policy-input.ts";
export {
  openRollout,
  type OpenRollout,
  type OpenRolloutConfig,
  type OpenSnapshotConfig,
  type RolloutStep,
} from "./rollout/open-rollout.ts";
export type { BranchRequest, Checkpoint } from "./rollout/branch-request.ts";
export type { RolloutSnapshot, SnapshotPart } from "./model/snapshot.ts";
export { openRollouts } from "./rollout/open-rollouts.ts";
export type {
  OpenRolloutsConfig,
  RolloutVector,
  ScheduledEpisode,
  VectorEpisode,
  VectorFault,
  VectorStep,
} from "./rollout/vector-step.ts";
export type { PolicyFunction, Turn } from "./rollout/policy-function.ts";
export {
  NdArray,
  StringArray,
  type ElementArrays,
  type NdElement,
  type NdList,
} from "./model/cbor/ndarray.ts";
export {
  float,
  type ActionValue,
  type ElementList,
  type Float,
  type TypedObject,
  type TypedValue,
} from "./model/cbor/typed-value.ts";
export type { BackendChoice } from "./rollout/rollout-host.ts";
export type { RolloutResult } from "./rollout/rollout-result.ts";
export { defaultLimits, type Limits, type NetworkMode } from "./model/limits.ts";
export {
  isComplete,
  outcomes,
  type FaultKind,
  type FaultOwner,
  type Outcome,
  type RolloutFault,
} from "./model/outcome.ts";
export { scalarReward, type RewardSum } from "./model/reward-sum.ts";
export type {
  Receipt,
  StartReceipt,
  Tier,
  Wall,
  WallUser,
  World,
  WorldClock,
  WorldMode,
} from "./model/receipt.ts";
export type {
  EnvironmentRef,
  GameClocks,
  RecordedRollout,
  RolloutSpec,
  RolloutSummary,
  RunOptions,
  RunSpec,
  Seat,
  SeatPolicy,
  SeatUse,
  SpecFile,
  Timings,
} from "./model/rollout.ts";
export type { SeatSpaces, Space } from "./model/spaces.ts";
export { Trajectory } from "./trajectory/trajectory.ts";
export type { TrajectoryStep } from "./model/trajectory-step.ts";
export type { Divergence } from "./model/trajectory.ts";

// Fleets (experimental)
export { type FleetOptions, openFleet } from "./fleet/open-fleet.ts";
export type { RolloutFleet } from "./rollout/rollout-fleet.ts";

// Recorded runs
export type { Keep } from "./model/keep.ts";
export { recordRun, type OpenRun, type RecordRunConfig } from "./store/record-run.ts";
export {
  type OutlinedRollout,
  RunReader,
  type IdenticalTrajectories,
  type RunReaderOptions,
  type RunStatistics,
  type TrajectoryCheck,
} from "./store/run-reader.ts";
export type { RunManifest } from "./model/run-manifest.ts";
export { branchRun, type BranchRunResult } from "./branch/branch-run.ts";
export type { BranchPolicy, BranchRunConfig, OpenBranchRun, SettledBranch } from "./branch/branch-config.ts";
export { snapshotOf } from "./branch/snapshot.ts";
export type { ParentChoice } from "./branch/recorded-parent.ts";
export type { BranchEngine, BranchLineage, BranchOrigin, BranchParent, BranchSpec } from "./model/branch.ts";
export { makeTrajectories, type MakeTrajectoriesOptions } from "./verify/make-trajectories.ts";
export { replayRollout, type ReplayOptions, type ReplayResult } from "./verify/replay-rollout.ts";
export {
  verifyRun,
  type ComparedRollout,
  type RolloutName,
  type VerifyOptions,
  type VerifyResult,
} from "./verify/verify-run.ts";
export { diffRuns, type RunDiff, type RunDifference } from "./verify/diff-runs.ts";

// Sandboxes, images and the host
export { Sandbox } from "./sandbox/sandbox.ts";
export type { SandboxOptions } from "./sandbox/sandbox-options.ts";
export type { CommandOptions, CommandResult, SandboxProcess } from "./sandbox/command-types.ts";
export type { FileCallOptions, SandboxFileEntry, SandboxFiles } from "./sandbox/sandbox-files.ts";
export { closeSandboxes, type BackendKind } from "./sandbox/sandbox-host.ts";
export { runDoctor, type DoctorCheck, type DoctorOptions } from "./sandbox/doctor.ts";
export type { AddedFiles } from "./image/added-files.ts";
export { buildImage, type BuildImageOptions } from "./image/build-image.ts";
export { checkImage } from "./image/check-image.ts";
export type { TreeDigest } from "./image/tree-listing.ts";
export { exportImage, type ExportOptions } from "./image/export-image.ts";
export { importImage, type ImportOptions } from "./image/import-image.ts";
export { listImages, removeImage, resolveImage, type ResolvedImage } from "./image/image-store.ts";
export type { ImageDifference, ImageManifest } from "./model/image-manifest.ts";

// Games and matchups
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
export type { MatchupOptions, SeedMatchupConfig } from "./evaluate/matchup/matchup-config.ts";
export type { KeeperOptions } from "./evaluate/matchup/matchup-keeper.ts";
export type { GameRules } from "./games/game-rules.ts";
export type { GameSpec, SeatPolicyInput } from "./games/game-spec.ts";
export type { Forfeit, GameKey, GameResult, SeatFault } from "./games/game-result.ts";
export type { MatchForfeit, MatchGame, Side } from "./evaluate/matchup/match-game.ts";
export type {
  FaultCounts,
  MatchupReport,
  SeatRecord,
  SeedRecord,
} from "./evaluate/matchup/report-matchup.ts";
export type { ExactMatchup } from "./evaluate/matchup/exact-matchup.ts";
export type { ExactValue } from "./evaluate/exact/exact-value.ts";
export { comparePolicies, type CompareConfig, type Comparison } from "./evaluate/matchup/compare-policies.ts";
export type { Strength } from "./evaluate/matchup/compare-report.ts";
export type { SelfCheck } from "./evaluate/matchup/self-check.ts";
export {
  verifyMatchup,
  type MatchupLeg,
  type MatchupVerification,
} from "./evaluate/matchup/verify-matchup.ts";
export type { Interval, IntervalMethod } from "./stats/interval.ts";
export type { EloDifference } from "./stats/elo.ts";
export type { EloModel, Hypotheses } from "./stats/gsprt.ts";
export type { PairCounts } from "./stats/score-counts.ts";
export type { SprtOptions, SprtState } from "./stats/sprt.ts";

// Policies in environments with one seat
export {
  evaluateReturns,
  type EvaluatedReturns,
  type ReturnsConfig,
} from "./evaluate/returns/evaluate-returns.ts";
export {
  compareReturns,
  type CompareReturnsConfig,
  type ReturnsComparison,
} from "./evaluate/returns/compare-returns.ts";
export type { KeepOptions, SeedReturn } from "./evaluate/returns/play-seeds.ts";
export type { MeanEstimate } from "./stats/interval.ts";
export type { PairedDifference } from "./stats/paired-difference.ts";
export type { GameCounts } from "./stats/score-counts.ts";

// Checking a policy and playing against it (experimental)
export {
  checkPolicy,
  type CheckedFault,
  type CheckedPolicy,
  type CheckOptions,
  type PolicyCheck,
} from "./evaluate/check/check-policy.ts";
export type { PolicyInterface } from "./evaluate/check/inspect-policy.ts";
export { PersonalGame, playAgainst, type PlayAgainstOptions } from "./games/play/play-against.ts";
export type { PositionPicture } from "./games/play/render-position.ts";
export type { PlayEnd, PlayView } from "./games/play/play-view.ts";
export type { Board, Seat as BoardSeat } from "./games/tictactoe-board.ts";
export { saveGame } from "./games/play/save-game.ts";

// Leagues (experimental)
export {
  type LeagueConfig,
  type LeagueResult,
  type LeagueStart,
  runLeague,
} from "./evaluate/league/run-league.ts";
export type { LeaguePlan } from "./evaluate/league/league-file.ts";
export type { LeaguePlayerInput } from "./evaluate/league/league-players.ts";
export type { LeagueTable, Payoff, PlayerTally } from "./evaluate/league/league-report.ts";
export type { LeagueLeg, Pairing } from "./evaluate/league/pairing.ts";
export type { LeagueRatings, Rating } from "./stats/bradley-terry.ts";

// Learning (experimental)
export {
  trainPolicy,
  trainTttPolicy,
  type TrainingOptions,
  type TrainingProgress,
} from "./evaluate/learning/training.ts";
export type { Schedule, TrainingChoices, TrainingSettings } from "./evaluate/learning/training-settings.ts";
export type { OpponentInput } from "./evaluate/learning/opponent.ts";
export {
  improvePolicy,
  type ImproveOptions,
  type Improvement,
  type ImprovementRound,
  type ImproveRules,
} from "./evaluate/learning/improve-policy.ts";
export type { ContestResult } from "./evaluate/learning/contest.ts";
export type { SavedImprovement } from "./evaluate/learning/training-checkpoint.ts";
export {
  parseQPolicy,
  qPolicyCode,
  type QPolicy,
  type QPolicyCodeOptions,
} from "./evaluate/learning/q-policy-code.ts";
export { qTablePolicy, type QRow, type QTable } from "./evaluate/learning/q-table.ts";
export type { DeclaredPolicy, WeightedCell } from "./evaluate/exact/declared-policy.ts";
export { exactWorth, type ExactWorth, type SeatWorth } from "./evaluate/learning/exact-worth.ts";

// Scoring a model's code (experimental)
export { type ScoreBatch, scoreCompletions, type ScoreConfig } from "./judge/score-completions.ts";
export { readCompletions, readTasks } from "./judge/read/read-tasks.ts";
export { recordScores, type RecordScoresConfig } from "./judge/record/record-scores.ts";
export { type RecordedScores, readScores, type ScoreHead } from "./judge/record/score-folder.ts";
export { verifyScores } from "./judge/record/verify-scores.ts";
export type { ScoreVerification, VerifiedScore, VerifyScoresOptions } from "./judge/record/verify-scores.ts";
export { summarizeScores, type ScoreSummary } from "./judge/summarize-scores.ts";
export { checkTasks } from "./judge/check/check-tasks.ts";
export type { CheckedTask, CheckTasksOptions, TaskCheck } from "./judge/check/check-tasks.ts";
export { redteamJudge } from "./judge/redteam/run-redteam.ts";
export type { RedteamAttempt, RedteamOptions, RedteamReport } from "./judge/redteam/run-redteam.ts";
export { redteamGrader, type RedteamGraderOptions } from "./judge/redteam/own-grader.ts";
export { defaultScoreLimits } from "./model/score.ts";
export type { CallTask, JudgeTask, PytestTask, ScoreTask, StdioTask, TaskBase } from "./model/score.ts";
export type { CallTest, Language, StdioTest, TextComparison, ValueComparison } from "./model/score.ts";
export type { ScoreItem, ScoreResult, ScoreVerdict, TestResult, TestVerdict } from "./model/score.ts";

// Audits (experimental)
export type { CertificateCheck } from "./verify/audit/certificate.ts";
export { auditEnvironment, type AuditOptions, type AuditWatch } from "./verify/audit/audit-environment.ts";
export type { AuditCause, AuditedWorld, AuditLocation, AuditReport } from "./verify/audit/audit-report.ts";
export type { AuditUnlocated, AuditVerdict } from "./verify/audit/audit-report.ts";

// Whether an environment is fit (experimental)
export { checkEnvironment, type CheckEnvironmentOptions } from "./verify/check/check-environment.ts";
export type { AuditRow, CheckReport, CheckRow, CheckRows } from "./verify/check/check-report.ts";
export type { CheckSubject, CheckVerdict } from "./verify/check/check-report.ts";
export type { GymnasiumRow, PlainDifference, PlainRow } from "./verify/check/check-report.ts";
export type { RerunRow, SeedingRow, SpeedRow } from "./verify/check/check-report.ts";

// Values of recorded steps (experimental)
export type { ClosingRecord, EndError, EndSummary, Ledger, ResetRecord } from "./model/trajectory.ts";
export type { StepRecord, TrajectoryRecord } from "./model/trajectory.ts";
export type { CborArray, CborField, CborPair, CborStringArray, CborValue } from "./model/cbor/value.ts";
export type { ElementType } from "./model/cbor/value.ts";

// Pictures, and what was written to stdout and stderr (experimental)
export { renderRollout, type RenderOptions, type RenderResult } from "./verify/pictures/render-rollout.ts";
export { captureStdio, type CaptureOptions, type CaptureResult } from "./verify/stdio/capture-stdio.ts";
export type { ProgramStdio, StdioText } from "./model/stdio.ts";
