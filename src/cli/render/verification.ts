import { isComplete, type Outcome } from "../../model/outcome.ts";
import { isReproducible } from "../../verify/audit/audit-report.ts";
import type { ReplayResult } from "../../verify/replay-rollout.ts";
import type { RolloutName, VerifyResult } from "../../verify/verify-run.ts";
import { formatDivergence, nameText } from "./divergence-text.ts";
import { count, formatReward } from "./numbers.ts";
import { clip, type Painter } from "./style.ts";

const mostShown = 10;

/** `verify --json`: the two stable fields first. */
export function toVerifyDocument(result: VerifyResult): VerifyResult {
  const { verified, diverged, ...rest } = result;
  return { verified, diverged, ...rest };
}

/** What a verification concludes: 0 the same bytes, 4 other bytes or a certificate that is not this run's, 1 neither could be shown. */
export function judge({ verified, diverged, certificate }: VerifyResult): 0 | 1 | 4 {
  if (certificate !== undefined && certificate.state !== "intact") return 4;
  if (verified) return 0;
  return diverged.length > 0 ? 4 : 1;
}

/** A verification for people. */
export function formatVerification(result: VerifyResult, paint: Painter): string[] {
  const { verified, rollouts, equal, diverged, failed, missing } = result;
  const lines = diverged
    .slice(0, mostShown)
    .flatMap(({ firstDivergence, ...name }) => [...formatDivergence(name, firstDivergence, paint), ""]);
  if (diverged.length > mostShown)
    lines.push(`… ${diverged.length - mostShown} more diverged: --json lists all`, "");
  lines.push(...failureLines(failed, paint), ...warningLines(result, paint));
  const head = verified
    ? paint("good", "verified")
    : paint("bad", diverged.length > 0 ? "not reproducible" : "not verified");
  const parts = [
    `${equal} of ${count(rollouts, "rollout")} gave the same bytes again`,
    ...(diverged.length > 0 ? [`${diverged.length} diverged`] : []),
    ...(failed.length > 0 ? [`${failed.length} failed the same way both times`] : []),
    ...(missing > 0 ? [`${missing} missing`] : []),
  ];
  const image =
    result.image.checked === "content"
      ? [`image ${result.image.digest.slice(0, 12)}: every file was read and matches the digest`]
      : [];
  const fed =
    result.fedFromRecording === undefined
      ? []
      : [
          `the actions of ${result.fedFromRecording.join(", ")} were fed from the recording: their caller was not asked again`,
        ];
  const refuted =
    diverged.length > 0 ? ["tier none: whatever the receipts claim, this host gave other bytes", ""] : [];
  return [
    ...lines,
    ...refuted,
    `${head}: ${parts.join(", ")}`,
    ...fed,
    ...image,
    ...certificateLines(result, paint),
  ];
}

/** A replay for people. */
export function formatReplay(result: ReplayResult, paint: Painter): string[] {
  const { steps, totalReward, outcome, recordedOutcome, firstDivergence, digest } = result;
  const name = nameText(result);
  const verdict = judgeReplay(result);
  if (verdict === 0) {
    return [
      `${paint("good", "equal")}: ${name} gave the same bytes for all ${count(steps, "step")}, return ${formatReward(totalReward)}, ${outcome}`,
      `digest ${digest}`,
    ];
  }
  if (verdict === 1) {
    return [
      `${paint("bad", "not verified")}: ${name} ended in ${outcome} both times, after ${count(steps, "step")}; equal failures prove nothing`,
    ];
  }
  const ends = outcome === recordedOutcome ? [] : [`recorded ${recordedOutcome}, now ${outcome}`];
  return [
    ...(firstDivergence === undefined ? [] : formatDivergence(result, firstDivergence, paint)),
    ...ends,
    "",
    `${paint("bad", "not reproducible")}: the environment answers the recorded actions of ${name} differently`,
  ];
}

/** What a replay concludes, as {@link judge}. */
export function judgeReplay({ equal, outcome, recordedOutcome, firstDivergence }: ReplayResult): 0 | 1 | 4 {
  if (equal) return isComplete(outcome) ? 0 : 1;
  // A rollout that was cut off from outside is cut off elsewhere the next time; what both have of it agrees.
  return outcome === recordedOutcome && !isComplete(outcome) && firstDivergence?.field === "length" ? 1 : 4;
}

function failureLines(
  failed: readonly (RolloutName & { readonly outcome: Outcome })[],
  paint: Painter,
): string[] {
  if (failed.length === 0) return [];
  const shown = failed
    .slice(0, mostShown)
    .map(({ outcome, ...name }) => `  ${nameText(name)} ${paint("bad", outcome)}`);
  const more = failed.length > mostShown ? [`  … ${failed.length - mostShown} more`] : [];
  const head = `${count(failed.length, "rollout")} failed the same way both times; equal failures prove nothing:`;
  return [head, ...shown, ...more, ""];
}

function certificateLines({ certificate }: VerifyResult, paint: Painter): string[] {
  if (certificate === undefined) return [];
  if (certificate.state === "intact") {
    const isGood = isReproducible(certificate.verdict);
    return [`certificate: ${paint(isGood ? "good" : "bad", certificate.verdict)}, unaltered`];
  }
  const what = certificate.state === "altered" ? "was altered" : "is not about this run";
  return [`certificate: ${paint("bad", what)}: ${clip(certificate.why, 300)}`];
}

function warningLines(
  { missing, cutShort, rollouts, failed, identicalSeeds, imageDifferences }: VerifyResult,
  paint: Painter,
): string[] {
  const warning = paint("warn", "warning:");
  const lines: string[] = [];
  const seeds = `${count(missing, "seed")} of the run ${missing === 1 ? "is" : "are"} not recorded`;
  const lost = missing === 0 ? "no rollout is missing" : `${seeds} now`;
  if (cutShort) lines.push(`${warning} the end of the record was cut off after it was written; ${lost}`);
  else if (missing > 0) lines.push(`${warning} ${seeds} yet; sameseed run --resume records them`);
  // Single seeds that agree are common where episodes are short; all of them are not. Equal failures say nothing of it.
  const same = identicalSeeds.find(({ length }) => length === rollouts);
  if (same !== undefined && failed.length < rollouts)
    lines.push(
      `${warning} different seeds gave the same trajectory (all ${same.length}): is the seed ignored?`,
    );
  if (imageDifferences.length > 0)
    lines.push(
      `${warning} the image differs from that of the recording: ${imageDifferences.map(({ what }) => what).join(", ")}`,
    );
  return lines;
}
