/* Every public function that takes options refuses one that it does not have, and names the nearest. Nothing is run for it. */
import { afterAll, expect, test } from "vitest";

import * as sdk from "../../../src/index.ts";

afterAll(sdk.closeSandboxes);

const table = { rows: new Map(), game: "tictactoe", episodes: 0, settings: {} } as unknown as sdk.QTable;
const sandbox = async (work: (box: sdk.Sandbox) => unknown): Promise<void> => {
  await using box = await sdk.Sandbox.create();
  await work(box);
};

type Call = (typo: Record<string, unknown>) => unknown;
const envName = "CartPole-v1";
const seats = { policyX: "greedy", policyO: "random" };

/** Each function with a typo in its options, and what was meant. */
const calls: Readonly<Record<string, readonly [Call, typo: string, meant: string]>> = {
  runRollout: [(more) => sdk.runRollout({ envName, seed: 1, ...more }), "maxStep", "maxSteps"],
  "runRollout, limits": [
    (more) => sdk.runRollout({ envName, seed: 1, limits: more }),
    "memoryMB_",
    "memoryMb",
  ],
  collectRollouts: [(more) => sdk.collectRollouts({ envName, seeds: [1], ...more }), "seed", "seeds"],
  openRollout: [(more) => sdk.openRollout({ envName, seed: 1, ...more }), "idleMS_", "idleMs"],
  openRollouts: [
    (more) => sdk.openRollouts({ envName, count: 1, seeds: 1, ...more }),
    "autoResets",
    "autoreset",
  ],
  snapshotOf: [(more) => sdk.snapshotOf("runs/none", { seed: 1, step: 1, ...more }), "steps", "step"],
  branchRun: [(more) => sdk.branchRun("runs/none", { seed: 1, step: 1, ...more }), "reseeds", "reseed"],
  openFleet: [(more) => sdk.openFleet("redis://nowhere", more), "wieght", "weight"],
  recordRun: [(more) => sdk.recordRun({ envName, seeds: [1], ...more }), "resum", "resume"],
  verifyRun: [(more) => sdk.verifyRun("runs/none", more), "onRollouts", "onRollout"],
  makeTrajectories: [(more) => sdk.makeTrajectories("runs/none", [1], more), "concurency", "concurrency"],
  replayRollout: [(more) => sdk.replayRollout("runs/none", 1, more), "backends", "backend"],
  renderRollout: [(more) => sdk.renderRollout("runs/none", 1, more), "mosts", "most"],
  captureStdio: [(more) => sdk.captureStdio("runs/none", 1, more), "backends", "backend"],
  "RunReader.open": [(more) => sdk.RunReader.open("runs/none", more), "checkall", "checkAll"],
  auditEnvironment: [(more) => sdk.auditEnvironment({ envName, ...more }), "seed", "seeds"],
  checkEnvironment: [(more) => sdk.checkEnvironment({ envName, ...more }), "seed", "seeds"],
  evaluateMatchup: [(more) => sdk.evaluateMatchup({ ...seats, seeds: [1], ...more }), "wold", "world"],
  "evaluateMatchup, clocks": [
    (more) => sdk.evaluateMatchup({ ...seats, seeds: [1], clocks: more }),
    "moveCpu",
    "moveCpuMs",
  ],
  evaluateReturns: [(more) => sdk.evaluateReturns({ envName, seeds: [1], ...more }), "polcy", "policy"],
  compareReturns: [
    (more) => sdk.compareReturns({ envName, seeds: [1], policyA: "random", policyB: "random", ...more }),
    "untill",
    "until",
  ],
  comparePolicies: [(more) => sdk.comparePolicies({ ...seats, ...more }), "maxPair", "maxPairs"],
  runMatchup: [(more) => sdk.runMatchup({ ...seats, seed: 1, ...more }), "ngame", "nGames"],
  verifyMatchup: [(more) => sdk.verifyMatchup("runs/none", more), "concurency", "concurrency"],
  runLeague: [(more) => sdk.runLeague({ players: ["greedy", "random"], ...more }), "game_s", "games"],
  checkPolicy: [(more) => sdk.checkPolicy({ source: "" }, more), "word", "world"],
  playAgainst: [(more) => sdk.playAgainst("greedy", more), "sed", "seed"],
  trainPolicy: [(more) => sdk.trainPolicy(more), "episode", "episodes"],
  "trainPolicy, alpha": [(more) => sdk.trainPolicy({ alpha: { from: 1, to: 1, ...more } }), "form", "from"],
  improvePolicy: [(more) => sdk.improvePolicy(more), "patients", "patience"],
  "improvePolicy, sprt": [(more) => sdk.improvePolicy({ sprt: more }), "elo", "elo0"],
  qPolicyCode: [(more) => sdk.qPolicyCode(table, more), "randomMove", "randomMoves"],
  qTablePolicy: [(more) => sdk.qTablePolicy(table, more), "randomMove", "randomMoves"],
  recordScores: [(more) => sdk.recordScores({ items: [], dir: "none", ...more }), "resum", "resume"],
  verifyScores: [(more) => sdk.verifyScores("none", more), "onScores", "onScore"],
  checkTasks: [(more) => sdk.checkTasks([], more), "repeats", "repeat"],
  redteamJudge: [(more) => sdk.redteamJudge(more), "concurency", "concurrency"],
  redteamGrader: [(more) => sdk.redteamGrader("true", more), "onAttempts", "onAttempt"],
  scoreCompletions: [(more) => sdk.scoreCompletions({ items: [], ...more }), "concurrancy", "concurrency"],
  buildImage: [
    (more) => sdk.buildImage({ name: "x", requirements: "none", ...more }),
    "findLink",
    "findLinks",
  ],
  exportImage: [(more) => sdk.exportImage("none", "none", more), "image", "images"],
  importImage: [(more) => sdk.importImage("none", more), "names", "name"],
  runDoctor: [(more) => sdk.runDoctor(more), "imag", "image"],
  "Sandbox.create": [(more) => sdk.Sandbox.create(more), "timeoutMS_", "timeoutMs"],
  "Sandbox.run": [async (more) => await sandbox((box) => box.run("true", more)), "arg", "args"],
  "Sandbox.startProcess": [
    async (more) => await sandbox((box) => box.startProcess("true", more)),
    "onStdOut_",
    "onStdout",
  ],
  "files.read": [async (more) => await sandbox((box) => box.files.read("x", more)), "maxByte", "maxBytes"],
  "files.readText": [
    async (more) => await sandbox((box) => box.files.readText("x", more)),
    "maxByte",
    "maxBytes",
  ],
  "files.write": [async (more) => await sandbox((box) => box.files.write("x", "", more)), "mod", "mode"],
  "files.pack": [async (more) => await sandbox((box) => box.files.pack(more)), "maxByte", "maxBytes"],
  "files.unpack": [
    async (more) => await sandbox((box) => box.files.unpack(Buffer.alloc(0), more)),
    "signals",
    "signal",
  ],
  "files.list": [async (more) => await sandbox((box) => box.files.list("/tmp", more)), "signals", "signal"],
  "files.remove": [
    async (more) => await sandbox((box) => box.files.remove("x", more)),
    "recursiv",
    "recursive",
  ],
};

test.each(Object.entries(calls))("%s", async (_, [call, typo, meant]) => {
  const run = async (): Promise<void> => {
    await call({ [typo]: 1 });
  };
  await expect(run()).rejects.toMatchObject({ code: "bad_argument", hint: `did you mean ${meant}?` });
});

/** Functions that take no options, or whose values are not called with any. */
const others = new Set([
  "SameseedError",
  "isSameseedError",
  "isComplete",
  "checkImage",
  "listImages",
  "removeImage",
  "resolveImage",
  "closeSandboxes",
  "Trajectory",
  "NdArray",
  "StringArray",
  "float",
  "exactWorth",
  "readTasks",
  "readCompletions",
  "readScores",
  "summarizeScores",
  "parseQPolicy",
  "diffRuns",
  "scalarReward",
  "float",
  "NdArray",
  "StringArray",
  "saveGame",
  // The same functions under other names, and classes whose functions are in the table.
  "runTttBatch",
  "trainTttPolicy",
  "Sandbox",
  "RunReader",
  "PersonalGame",
  "OpenRollout",
  "RolloutVector",
]);

test("every public function is in the table, or takes no options", () => {
  const functions = Object.entries(sdk).flatMap(([name, value]) =>
    typeof value === "function" ? [name] : [],
  );
  const named = new Set(Object.keys(calls).map((name) => name.split(/[ ,.]/)[0]));
  expect(functions.filter((name) => !named.has(name) && !others.has(name))).toEqual([]);
});

test("other names stand for the same functions", () => {
  expect(sdk.runTttBatch).toBe(sdk.runMatchup);
  expect(sdk.trainTttPolicy).toBe(sdk.trainPolicy);
});

test("a mean under its other name is the same mean", async () => {
  const batch = await sdk.runTttBatch({ ...seats, seed: 3, nGames: 4 });
  expect(batch.totalReward).toBe(batch.meanReturn);
  expect(batch.meanReturn).toBe(batch.games.reduce((sum, { score }) => sum + (score ?? 0), 0) / 4);
});
