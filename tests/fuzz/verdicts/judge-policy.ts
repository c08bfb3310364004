/*
 * Plays a hostile policy against an honest one, through what a user calls, and says what is wrong with the verdict: the honest
 * side never pays, every pair counts, and no game is played twice.
 */
import { isSameseedError } from "../../../src/base/error.ts";
import { collectRollouts, evaluateMatchup } from "../../../src/index.ts";
import type { GroupPlan } from "../../../src/sandbox/contract.ts";
import { sharedBackend } from "../../../src/sandbox/sandbox-host.ts";
import type { HostilePolicy } from "./generate-policy.ts";

const honest = {
  name: "honest.py",
  source:
    "def choose_action(board, player, rng):\n    return rng.choice([cell for cell in range(9) if board[cell] is None])\n",
};
/** It thinks for half a second at each move, so that it is often its turn. */
const thinking = {
  name: "thinking.py",
  source: honest.source.replace(":\n", ":\n    sum(range(12_000_000))\n"),
};
/** A stall costs the wall time of an answer; the rest is for a machine that does other work. */
const clocks = { moveCpuMs: 1000, bankCpuMs: 4000, moveWallMs: 5000 };
const limits = { wallMs: 60_000, cpuMs: 20_000, memoryMb: 128 };

/** Counts how often sandboxes are started for a policy, by the mark in its source. */
class StartCounter {
  readonly #counts = new Map<string, number>();

  constructor() {
    const backend = sharedBackend("gymnasium", "zygote", "sealed");
    const start = backend.start.bind(backend);
    backend.start = async (plan) => {
      this.#note(plan);
      return await start(plan);
    };
  }

  /** How often a policy was started since it was last asked. */
  take(mark: string): number {
    const count = this.#counts.get(mark) ?? 0;
    this.#counts.delete(mark);
    return count;
  }

  #note({ members }: GroupPlan): void {
    for (const { job } of members)
      for (const { data } of job.files) {
        const mark = /^# mark \d+$/m.exec(Buffer.from(data).toString())?.[0];
        if (mark !== undefined) this.#counts.set(mark, (this.#counts.get(mark) ?? 0) + 1);
      }
  }
}

let counter: StartCounter | undefined;

/** What is wrong with the verdicts on a policy; `number` tells it apart from others that are judged at one time. */
export async function judgePolicy(policy: HostilePolicy, number: number): Promise<string[]> {
  counter ??= new StartCounter();
  const mark = `# mark ${number}`;
  const source = `${mark}\n${policy.source}`;
  return [
    ...(await judgeGames(policy, { source, name: "hostile.py" }, number, mark)),
    ...(await judgeRollout(policy, { source, name: "hostile.py" }, number, mark)),
  ];
}

async function judgeGames(
  { mode, isFatal, isLoaded, dawdles }: HostilePolicy,
  policyX: { readonly source: string; readonly name: string },
  seed: number,
  mark: string,
): Promise<string[]> {
  const wrong: string[] = [];
  try {
    const config = {
      policyX,
      policyO: dawdles ? thinking : honest,
      nGames: 2,
      seeds: [seed],
      mode,
      clocks,
      limits: dawdles ? { ...limits, wallMs: 14_000 } : limits,
      trajectories: false,
    };
    const report = await evaluateMatchup(config);
    const games = report.bySeed.flatMap((each) => each.games);
    for (const { swapped, forfeit, infra, score } of games) {
      const where = swapped ? "as O" : "as X";
      if (infra !== undefined) wrong.push(`${where}: the game is void: ${infra}`);
      if (forfeit?.by === "o")
        wrong.push(`${where}: the honest seat forfeits: ${forfeit.fault}: ${forfeit.message}`);
      if (isLoaded && forfeit?.fault === "no_policy")
        wrong.push(`${where}: a policy that moved passes for none`);
      if (isFatal && (forfeit?.by !== "x" || score !== -1))
        wrong.push(`${where}: no forfeit, score ${score}`);
    }
    if (report.units !== 1 || report.games !== 2 || report.unpaired !== 0)
      wrong.push(`${report.games} games in ${report.units} pairs count, ${report.unpaired} have no other`);
    const starts = counter!.take(mark);
    if (starts !== 2) wrong.push(`two games were played in ${starts} tries`);
  } catch (error) {
    wrong.push(`the matchup was given up: ${String(error)}`);
  }
  return wrong;
}

async function judgeRollout(
  { isLoaded }: HostilePolicy,
  policy: { readonly source: string; readonly name: string },
  seed: number,
  mark: string,
): Promise<string[]> {
  const rolloutLimits = { ...limits, wallMs: 5000, cpuMs: 4000 };
  try {
    const config = { envName: "CartPole-v1", policy, seeds: [seed], maxSteps: 4, limits: rolloutLimits };
    const [result] = await collectRollouts(config).results();
    const wrong: string[] = [];
    const starts = counter!.take(mark);
    if (starts !== 1) wrong.push(`one rollout was played in ${starts} tries`);
    const { outcome, error } = result!;
    if (error !== undefined && error.by !== "policy")
      wrong.push(`the environment is blamed: ${outcome}: ${error.type}: ${error.message}`);
    return wrong.map((each) => `alone: ${each}`);
  } catch (error) {
    // What is no policy is told from what is one while it is loaded, and then no more.
    const isRefused = !isLoaded && isSameseedError(error) && error.code === "bad_policy";
    return isRefused ? [] : [`alone: the rollout was given up: ${String(error)}`];
  }
}
