import { afterAll, expect, it } from "vitest";

import { bestResponse } from "../../../../src/evaluate/exact/best-response.ts";
import { uniformPolicy } from "../../../../src/evaluate/exact/declared-policy.ts";
import { reachableStates } from "../../../../src/evaluate/exact/enumerate-tictactoe.ts";
import { exactValue } from "../../../../src/evaluate/exact/exact-value.ts";
import { boardKey, seatToMove } from "../../../../src/games/tictactoe-board.ts";
import { exactWorth } from "../../../../src/evaluate/learning/exact-worth.ts";
import { parseQPolicy, qPolicyCode, qPolicyDigest } from "../../../../src/evaluate/learning/q-policy-code.ts";
import { qTablePolicy, type QTable } from "../../../../src/evaluate/learning/q-table.ts";
import { Training, trainPolicy } from "../../../../src/evaluate/learning/training.ts";
import { Sandbox } from "../../../../src/sandbox/sandbox.ts";
import { closeSandboxes } from "../../../../src/sandbox/sandbox-host.ts";

afterAll(async () => await closeSandboxes());

/** What a table gets against random play at X and at O, from its own view, by enumeration. */
function worthAgainstRandom(table: QTable): { readonly x: number; readonly o: number } {
  const policy = qTablePolicy(table);
  return {
    x: exactValue(policy, uniformPolicy).meanReturn,
    o: -exactValue(uniformPolicy, policy).meanReturn,
  };
}

it.for(["self", "random"])(
  "reaches nine tenths of the best response against random in both seats, learning against %s",
  { timeout: 180_000 },
  async (against) => {
    const bound = { x: bestResponse(uniformPolicy, "X"), o: bestResponse(uniformPolicy, "O") };
    expect([bound.x.fraction, bound.o.fraction]).toEqual(["191/192", "874/945"]);
    for (const seed of [1, 2]) {
      const worth = worthAgainstRandom(await trainPolicy({ against, seed, episodes: 30_000 }));
      expect(worth.x).toBeGreaterThanOrEqual(0.9 * bound.x.value);
      expect(worth.o).toBeGreaterThanOrEqual(0.9 * bound.o.value);
    }
    // What the bound asks for is learned: a table of a few episodes does not have it.
    const few = worthAgainstRandom(await trainPolicy({ against, seed: 1, episodes: 30 }));
    expect(few.o).toBeLessThan(0.9 * bound.o.value);
  },
);

it(
  "gives the same bytes again, cold, and in other pieces; and others for another seed or schedule",
  { timeout: 180_000 },
  async () => {
    const options = { against: "random", seed: 5, episodes: 2500 } as const;
    const code = qPolicyCode(await trainPolicy(options));
    expect(qPolicyCode(await trainPolicy(options))).toBe(code);
    expect(qPolicyCode(await trainPolicy({ ...options, backend: "cold" }))).toBe(code);
    const seen: number[] = [];
    const first = new Training({ ...options, onProgress: ({ episodes }) => seen.push(episodes) });
    await first.advance(1234);
    const second = new Training({ ...options, onProgress: ({ episodes }) => seen.push(episodes) });
    second.restore(first.state!);
    await second.advance(2500);
    expect(qPolicyCode(second.table())).toBe(code);
    expect(seen).toEqual([1000, 1234, 2000, 2500]);
    for (const other of [{ seed: 6 }, { alpha: 0.2 }, { epsilon: 0.1 }, { gamma: 0.9 }, { episodes: 2501 }])
      expect(qPolicyCode(await trainPolicy({ ...options, ...other }))).not.toBe(code);
  },
);

it("gives the tables it always gave, whoever is learned from", async () => {
  // A change here changes what every seed learns: it is a decision, not an accident.
  for (const [against, digest] of [
    ["self", "1427e67208170f64fb9380d5a12d91e584641fcf92649a6e85dfada5278bde0a"],
    ["random", "08556cc536b7592d6888ca1cb0aa3cb3d561ad8a430be479a3c88b7bab3d1d41"],
    ["greedy", "401cf21b3120d0e7483755f51ff41c409cb3a8432a3bb9f8858b798737f08a6c"],
    ["minimax", "34e45a63d2127a447d6cb62ebfa262e00a2900fd5fca2d4be89248c26992bbfd"],
  ] as const) {
    const code = qPolicyCode(await trainPolicy({ against, seed: 7, episodes: 2000 }));
    expect(qPolicyDigest(code), against).toBe(`sha256:${digest}`);
  }
});

it("does not lose to perfect play after self-play", async () => {
  const { againstPerfect } = exactWorth(await trainPolicy({ seed: 7 }));
  expect(againstPerfect).toEqual({ x: 0, o: 0 });
  expect(exactWorth(await trainPolicy({ seed: 7, episodes: 300 })).againstPerfect.o).toBeLessThan(0);
});

it("learns from a source, the same again, and says how a bad one failed", async () => {
  const first = "def choose_action(board, player, rng):\n    return board.index(None)\n";
  const learn = async (source: string, backend: "zygote" | "cold" = "zygote"): Promise<string> =>
    qPolicyCode(await trainPolicy({ against: { source }, seed: 7, episodes: 1500, backend }));
  const code = await learn(first);
  expect(await learn(first)).toBe(code);
  expect(await learn(first, "cold")).toBe(code);
  // It draws from a stream of its own: that too is the same again, and another in another piece.
  const drawn =
    "def choose_action(board, player, rng):\n    return rng.choice([c for c in range(9) if board[c] is None])\n";
  expect(await learn(drawn)).toBe(await learn(drawn));
  const body = (line: string): string => `import os\ndef choose_action(board, player, rng):\n    ${line}\n`;
  for (const [source, fault] of [
    [body("return 0"), "illegal_action"],
    [body("return True"), "illegal_action"],
    [body("return 10 ** 5000"), "illegal_action"],
    [body("return board.index(player)"), "crash"],
    [body("os._exit(3)"), "crash"],
    [body("while True: pass"), "cpu_limit"],
    [body("return len(bytearray(1 << 40))"), "memory_limit"],
    ["x = 1\n", "no_policy"],
    ["def (:\n", "no_policy"],
  ] as const)
    await expect(learn(source), source).rejects.toMatchObject({ code: "bad_policy", context: { fault } });
});

it("becomes a policy that does in Python what the table says, on every board", async () => {
  const table = await trainPolicy({ seed: 2, episodes: 1000 });
  const code = qPolicyCode(table);
  expect(parseQPolicy(code).table).toStrictEqual({ ...table, rows: parseQPolicy(code).table.rows });
  expect(table.rows.size).toBeLessThan(627); // so that boards without a row are asked for as well
  const boards = reachableStates().filter(({ standing }) => standing === "open");
  const asked = boards.map(({ board }) => boardKey(board)).join("\n");
  await using sandbox = await Sandbox.create();
  for (const [name, text] of Object.entries({ "policy.py": code, boards: asked, "ask.py": ask }))
    await sandbox.files.write(name, text);
  const { exitCode, stdoutText, stderrText } = await sandbox.run("python3", { args: ["ask.py"] });
  expect({ exitCode, stderrText }).toEqual({ exitCode: 0, stderrText: "" });
  const policy = qTablePolicy(table);
  const told = boards.map(({ board }) => String(policy(board, seatToMove(board))[0]?.[0])).join("\n");
  expect(stdoutText.trim()).toBe(told);
});

const ask = `from policy import choose_action

for line in open("boards").read().split():
    board = [None if mark == "." else mark for mark in line]
    print(choose_action(board, "XO"[(9 - line.count(".")) % 2], None))
`;

it("refuses numbers out of range before anything runs", async () => {
  for (const bad of [
    { alpha: 0 },
    { alpha: { from: 0.5, to: 1.5 } },
    { epsilon: -0.1 },
    { gamma: Number.NaN },
    { episodes: 0 },
    { seed: 0.5 },
  ])
    await expect(trainPolicy(bad)).rejects.toMatchObject({ code: "bad_argument" });
});

it("refuses to go on from bytes that are no state of it", async () => {
  const long = new Training({ episodes: 2000 });
  await long.advance(2000);
  const state = long.state!;
  const short = new Training({ episodes: 1000 });
  // Of more episodes than there are, cut short, changed in a row's key, and empty.
  for (const bad of [
    state,
    state.subarray(0, -1),
    Buffer.from(state.toString("latin1").replace("........X", "X........"), "latin1"),
    Buffer.alloc(0),
  ])
    expect(() => short.restore(bad)).toThrow(expect.objectContaining({ code: "run_damaged" }));
  expect(short.episodes).toBe(0);
  new Training({ episodes: 2000 }).restore(state);
});

it("stops when it is told to", async () => {
  const controller = new AbortController();
  const training = trainPolicy({
    episodes: 1_000_000,
    signal: controller.signal,
    onProgress: () => controller.abort(),
  });
  await expect(training).rejects.toMatchObject({ code: "aborted" });
});
