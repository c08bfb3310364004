import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type { JsonObject } from "../../src/model/json.ts";
import type { TrajectoryStep } from "../../src/model/trajectory-step.ts";
import type { BranchEngine } from "../../src/model/branch.ts";
import { runRollout } from "../../src/rollout/collect-rollouts.ts";
import { openRollout } from "../../src/rollout/open-rollout.ts";
import { playGames, type SeatPolicyInput } from "../../src/games/play-games.ts";
import type { PolicyInput } from "../../src/rollout/rollout-config.ts";
import { toResult, type RolloutResult } from "../../src/rollout/rollout-result.ts";

/** What a golden trajectory is recorded from. */
export interface GoldenSpec {
  /** The file's name without its ending. */
  readonly name: string;
  readonly envName: string;
  readonly seed: number;
  readonly maxSteps: number;
  readonly envArgs?: JsonObject;
  readonly policy?: PolicyInput;
  /** A game: who sits where, and its number under the seed. */
  readonly seats?: readonly SeatPolicyInput[];
  readonly game?: number;
  /** A branch: what is done before it, what its state is re-keyed by, and what is done in it. */
  readonly branch?: { readonly before: readonly number[]; readonly reseed: number; readonly after: readonly number[] };
}

/** A recorded trajectory, for people to read and for every later version to give again. */
export interface GoldenTrajectory extends Omit<GoldenSpec, "name"> {
  readonly outcome: string;
  readonly totalReward: number;
  /** Equal for equal records; says nothing of the image, so that another build of the interpreter gives the same. */
  readonly contentDigest: string;
  /** As `sameseed show --json` prints them. */
  readonly steps: readonly TrajectoryStep[];
}

const balance = `def act(observation, rng):
    position, velocity, angle, spin = observation
    return 1 if angle + spin + 0.01 * rng.random() > 0 else 0
`;

const dice = `def choose_action(board, player, rng):
    return rng.choice([cell for cell in range(9) if board[cell] is None])
`;

/** Every golden trajectory: all classic-control and toy-text environments, and each kind of policy. */
export const goldenSpecs: readonly GoldenSpec[] = [
  { name: "acrobot", envName: "Acrobot-v1", seed: 42, maxSteps: 20 },
  { name: "blackjack", envName: "Blackjack-v1", seed: 42, maxSteps: 60 },
  { name: "blackjack-natural", envName: "Blackjack-v1", seed: 7, maxSteps: 60, envArgs: { natural: true } },
  { name: "cart-pole", envName: "CartPole-v1", seed: 42, maxSteps: 60 },
  { name: "cart-pole-v0", envName: "CartPole-v0", seed: 3, maxSteps: 60 },
  {
    name: "cart-pole-actions",
    envName: "CartPole-v1",
    seed: 9_007_199_254_740_991,
    maxSteps: 60,
    policy: { actions: [0, 1, 1, 0, 1, 0, 0, 1] },
  },
  {
    name: "cart-pole-policy",
    envName: "CartPole-v1",
    seed: 42,
    maxSteps: 40,
    policy: { name: "balance.py", source: balance },
  },
  {
    name: "cart-pole-sutton-barto",
    envName: "CartPole-v1",
    seed: 5,
    maxSteps: 60,
    envArgs: { sutton_barto_reward: true },
  },
  {
    name: "cart-pole-branch",
    envName: "CartPole-v1",
    seed: 42,
    maxSteps: 60,
    branch: { before: [0, 1, 1, 0, 1], reseed: 7, after: [0, 1, 0, 1, 1, 0] },
  },
  { name: "cliff-walking", envName: "CliffWalking-v1", seed: 42, maxSteps: 40 },
  { name: "cliff-walking-slippery", envName: "CliffWalkingSlippery-v1", seed: 42, maxSteps: 40 },
  { name: "frozen-lake", envName: "FrozenLake-v1", seed: 42, maxSteps: 60 },
  { name: "frozen-lake-8x8", envName: "FrozenLake8x8-v1", seed: 42, maxSteps: 60 },
  { name: "mountain-car", envName: "MountainCar-v0", seed: 42, maxSteps: 20 },
  { name: "mountain-car-continuous", envName: "MountainCarContinuous-v0", seed: 42, maxSteps: 20 },
  { name: "pendulum", envName: "Pendulum-v1", seed: 42, maxSteps: 20 },
  { name: "tictactoe", envName: "tictactoe", seed: 42, game: 0, maxSteps: 9, seats: ["random", "greedy"] },
  { name: "tictactoe-minimax", envName: "tictactoe", seed: 42, game: 1, maxSteps: 9, seats: ["minimax", "minimax"] },
  {
    name: "tictactoe-policies",
    envName: "tictactoe",
    seed: 42,
    game: 2,
    maxSteps: 9,
    seats: [{ name: "dice.py", source: dice }, { actions: [4, 0, 8, 6, 2] }],
  },
  { name: "taxi", envName: "Taxi-v4", seed: 42, maxSteps: 40 },
  {
    name: "taxi-branch",
    envName: "Taxi-v4",
    seed: 1,
    maxSteps: 40,
    envArgs: { is_rainy: true, fickle_passenger: true },
    branch: { before: [0, 1, 2, 3, 4, 0], reseed: 9_007_199_254_740_991, after: [1, 1, 2, 2, 0, 3, 1, 4] },
  },
  {
    name: "taxi-rainy",
    envName: "Taxi-v4",
    seed: 1,
    maxSteps: 40,
    envArgs: { is_rainy: true, fickle_passenger: true },
  },
];

/** Where a golden trajectory is kept. */
export function goldenPath(name: string): string {
  return join(import.meta.dirname, "trajectories", `${name}.json`);
}

/** A kept golden trajectory; undefined where there is none yet. */
export function readGolden(name: string): GoldenTrajectory | undefined {
  const path = goldenPath(name);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as GoldenTrajectory) : undefined;
}

/** Runs a spec now, in a fresh sandbox, and tells it as a golden trajectory would. */
export async function playGolden(
  spec: GoldenSpec,
  engine: BranchEngine = "fork",
): Promise<GoldenTrajectory> {
  const { name: _, ...config } = spec;
  const { outcome, totalReward, contentDigest, trajectory } = await play(config, engine);
  const steps = [...trajectory.steps()];
  // Through JSON, as it is kept: -0 becomes 0, which the digest still tells apart.
  return JSON.parse(JSON.stringify({ ...config, outcome, totalReward, contentDigest, steps })) as GoldenTrajectory;
}

async function play(spec: Omit<GoldenSpec, "name">, engine: BranchEngine): Promise<RolloutResult> {
  const { seats, game, branch: asked, ...config } = spec;
  if (asked !== undefined) {
    await using rollout = await openRollout(config);
    for (const action of asked.before) await rollout.step(action);
    const [branch] = await rollout.branch({ reseed: [asked.reseed], engine });
    for (const action of asked.after) await branch!.step(action);
    return await branch!.close();
  }
  if (seats === undefined || game === undefined) return await runRollout(config);
  const { envName, seed, maxSteps } = config;
  for await (const { rollout } of playGames({ game: envName, seats, maxSteps }, [{ seed, game }]))
    if (rollout !== undefined) return toResult(rollout);
  throw new Error(`no game of ${envName} was played`);
}

/** The text of a golden trajectory's file: one line for each fact and each step. */
export function formatGolden({ steps, ...facts }: GoldenTrajectory): string {
  const lines = Object.entries(facts).map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)},`);
  const stepLines = steps.map((step) => `    ${JSON.stringify(step)}`).join(",\n");
  return `{\n${lines.join("\n")}\n  "steps": [\n${stepLines}\n  ]\n}\n`;
}

/** The first place where a trajectory is not the golden one, as a sentence; undefined where they are the same. */
export function firstDifference(golden: GoldenTrajectory, now: GoldenTrajectory): string | undefined {
  for (const [index, step] of golden.steps.entries()) {
    const other = now.steps[index];
    if (other === undefined) return `step ${index} is missing: there are ${now.steps.length} in place of ${golden.steps.length}`;
    for (const [field, value] of Object.entries(step)) {
      const actual = JSON.stringify((other as unknown as JsonObject)[field]);
      if (JSON.stringify(value) !== actual)
        return `step ${index}, ${field}: ${JSON.stringify(value)} became ${actual}`;
    }
  }
  if (now.steps.length > golden.steps.length)
    return `there are ${now.steps.length} steps in place of ${golden.steps.length}`;
  for (const [fact, value] of Object.entries(golden)) {
    const actual = JSON.stringify(now[fact as keyof GoldenTrajectory]);
    if (JSON.stringify(value) !== actual)
      return `${fact}: ${JSON.stringify(value)} became ${actual}, though all steps look the same`;
  }
  return undefined;
}
