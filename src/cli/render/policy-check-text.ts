import type { CheckedFault, PolicyCheck } from "../../evaluate/check/check-policy.ts";
import { faultMessage } from "./fault-message.ts";
import { count, formatNumber } from "./numbers.ts";
import { printable } from "./safe-text.ts";
import { clip, type Painter } from "./style.ts";

const labelWidth = 16;
const mostFaults = 5;
const mostTracebackLines = 8;
/** Where a seat's file lies in its sandbox. */
const policyFolder = "/tmp/policy/";

/** What a check found, for a person. */
export function formatPolicyCheck(check: PolicyCheck, paint: Painter): string[] {
  const { policy, game, mode, faults, infra, ok } = check;
  const head = `${paint("strong", printable(policy))} · ${game} · ${mode}`;
  const rows = [
    row("interface", interfaceText(check)),
    row("plays", playsText(check, paint)),
    ...faultLines(faults, paint),
    ...cpuText(check),
    row("same again", sameText(check, paint)),
    row("restart", restartText(check)),
    ...(infra === 0 ? [] : [row("host", paint("warn", `${count(infra, "game")} could not be played`))]),
  ];
  return [head, "", ...rows, "", ok ? paint("good", "ok") : paint("bad", "not ok")];
}

function row(label: string, text: string): string {
  return `  ${label.padEnd(labelWidth)}${text}`;
}

function interfaceText({ interface: found }: PolicyCheck): string {
  if (found === null) return "none: it defines neither choose_action nor act, or does not load";
  const asked =
    found.asked === "choose_action" ? "choose_action(board, player, rng)" : "act(observation, rng, info)";
  return found.init ? `${asked}, init(seat, rng)` : asked;
}

function playsText({ games, moves, faults }: PolicyCheck, paint: Painter): string {
  const played = `${count(games, "game")} against itself, ${count(moves, "move")}`;
  return faults.length === 0
    ? `${played}, no fault`
    : `${played}, ${paint("bad", count(faults.length, "fault"))}`;
}

/** Equal faults of several games in one. */
function faultLines(faults: readonly CheckedFault[], paint: Painter): string[] {
  const alike = [
    ...Map.groupBy(faults, ({ fault, line, message }) => JSON.stringify([fault, line, message])).values(),
  ];
  const shown = alike.slice(0, mostFaults).flatMap((group) => faultText(group, paint));
  return alike.length > mostFaults ? [...shown, row("", `… and ${alike.length - mostFaults} others`)] : shown;
}

function faultText(group: readonly CheckedFault[], paint: Painter): string[] {
  const { game, seat, fault, step, line, traceback } = group[0]!;
  const when = step === undefined ? "" : ` at move ${step}`;
  const where = line === undefined ? "" : `, line ${line}`;
  const also = group.length === 1 ? "" : ` (and in ${count(group.length - 1, "other game")})`;
  return [
    row("fault", `${paint("bad", fault)} of ${seat} in game ${game}${when}${where}${also}`),
    row("", clip(faultMessage(group[0]!), 200)),
    ...ownTrace(traceback ?? "").map((each) => row("", paint("dim", each))),
  ];
}

/** The part of a traceback that is the policy's own, without what is above it, markers below lines, and the message. */
function ownTrace(traceback: string): string[] {
  const [first = ""] = traceback.split("\nThe above exception was");
  const lines = printable(first, true)
    .split("\n")
    .filter((line) => line.startsWith(" ") && !/^[\s^~]*$/.test(line));
  const start = lines.findIndex((line) => line.includes(policyFolder));
  if (start < 0) return [];
  return lines
    .slice(start, start + mostTracebackLines)
    .map((line) => line.replace(policyFolder, "").replace(/^ {2}/, ""));
}

function cpuText({ cpu }: PolicyCheck): string[] {
  if (cpu === null) return [];
  const { meanMoveMs, mostMs, bankMs } = cpu;
  return [
    row(
      "CPU time",
      `${formatNumber(round(meanMoveMs))} ms a move, loading included; at most ${formatNumber(round(mostMs))} of ${bankMs} ms in a game`,
    ),
  ];
}

function sameText({ deterministic }: PolicyCheck, paint: Painter): string {
  return deterministic
    ? "every game gave the same bytes twice"
    : paint("bad", "no: the same game gave other bytes when played again; all randomness must come from rng");
}

function restartText({ restartEqualsKeep, mode }: PolicyCheck): string {
  if (restartEqualsKeep === null) return "unknown, because it failed";
  if (restartEqualsKeep) return "plays the same in restart mode";
  return mode === "keep"
    ? "plays differently in restart mode: it keeps state within a game, or uses randomness"
    : "plays differently in keep mode";
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
