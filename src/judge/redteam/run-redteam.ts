import { availableParallelism } from "node:os";

import { type NamesOf, refuseUnknownOptions } from "../../base/known-options.ts";
import type { ScoreItem, ScoreTask } from "../../model/score.ts";
import { scoreAll } from "../score-completions.ts";
import { abilityIn, type Cheat, type TaskKind } from "./cheat.ts";
import { callCheats, programCheats, rightFunctions, rightPrograms } from "./corpus.ts";
import { redteamTasks } from "./tasks.ts";

/** One program of the corpus, as it is scored. */
export interface RedteamAttempt {
  /** The task's kind and the program's name, such as `call:always-equal`. */
  readonly id: string;
  readonly family: string;
  /** What an honest solution of its ability scores. */
  readonly ability: number;
  readonly score: number | null;
  readonly verdict: string;
  /** `fooled`: it scored more than it can do; `unjust`: less, or a right solution has no full score; `unscored`: no score. */
  readonly found: "right" | "fooled" | "unjust" | "unscored";
}

/** What the corpus found of a grader. */
export interface RedteamReport {
  readonly ok: boolean;
  readonly cheats: number;
  readonly honest: number;
  readonly fooled: number;
  readonly unjust: number;
  readonly unscored: number;
  readonly attempts: readonly RedteamAttempt[];
}

/** A program of the corpus with the task it is for. */
export interface RedteamProgram {
  readonly id: string;
  readonly cheat: Cheat;
  readonly kind: TaskKind;
  readonly honest: boolean;
}

/** Every program of the corpus, once for each kind of task that it is for. */
export function redteamPrograms(kinds: readonly TaskKind[]): RedteamProgram[] {
  return kinds.flatMap((kind) => {
    const [cheats, right] = kind === "stdio" ? [programCheats, rightPrograms] : [callCheats, rightFunctions];
    const of = (list: readonly Cheat[], honest: boolean): RedteamProgram[] =>
      list.map((cheat) => ({ id: `${kind}:${cheat.name}`, cheat, kind, honest }));
    return [...of(cheats, false), ...of(right, true)];
  });
}

/** How {@link redteamJudge} runs. */
export interface RedteamOptions {
  /** Tests at the same time. @default one more than the processors */
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
  readonly onAttempt?: (done: number, total: number) => void;
}

const optionNames: NamesOf<RedteamOptions> = { concurrency: true, signal: true, onAttempt: true };

/**
 * Tries the corpus on the judge, as `sameseed score redteam` does.
 * @throws as `scoreCompletions`
 * @experimental
 */
export async function redteamJudge(options: RedteamOptions = {}): Promise<RedteamReport> {
  refuseUnknownOptions(options, optionNames, "redteamJudge");
  const { concurrency = availableParallelism() + 1, signal, onAttempt } = options;
  const programs = redteamPrograms(["call", "stdio", "judge", "pytest"]);
  const items = programs.map(({ cheat, kind, id }): ScoreItem => {
    const task: ScoreTask = redteamTasks[kind];
    return { id, task, files: { "solution.py": cheat.code } };
  });
  const attempts: RedteamAttempt[] = [];
  let done = 0;
  for await (const { at, result } of scoreAll(items, { concurrency, signal })) {
    attempts[at] = toAttempt(programs[at]!, result.score, result.verdict);
    onAttempt?.(++done, items.length);
  }
  return toReport(programs, attempts);
}

/** Judges one score of one program. */
export function toAttempt(
  { id, cheat, kind, honest }: RedteamProgram,
  score: number | null,
  verdict: string,
): RedteamAttempt {
  const { family } = cheat;
  const ability = abilityIn(cheat, kind);
  // A grader that takes a cheat for worse than it is does nobody wrong; one that does so to a right solution does.
  const found =
    score === null ? "unscored" : score > ability ? "fooled" : honest && score < ability ? "unjust" : "right";
  return { id, family, ability, score, verdict, found };
}

/** Adds attempts up. */
export function toReport(
  programs: readonly RedteamProgram[],
  attempts: readonly RedteamAttempt[],
): RedteamReport {
  const count = (found: RedteamAttempt["found"]): number =>
    attempts.filter((attempt) => attempt.found === found).length;
  const honest = programs.filter((program) => program.honest).length;
  return {
    ok: attempts.every(({ found }) => found === "right"),
    cheats: programs.length - honest,
    honest,
    fooled: count("fooled"),
    unjust: count("unjust"),
    unscored: count("unscored"),
    attempts,
  };
}
