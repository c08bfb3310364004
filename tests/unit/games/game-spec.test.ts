import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { sha256Of } from "../../../src/base/digest.ts";
import { gameSeed } from "../../../src/model/seed.ts";
import { builtinGame, builtinGames } from "../../../src/games/builtin-games.ts";
import { defaultClocks, resolveGame, type GameSpec } from "../../../src/games/game-spec.ts";
import { scoreGame } from "../../../src/games/game-result.ts";
import { FrameDecoder } from "../../../src/trajectory/frame-decoder.ts";
import type { RecordedRollout } from "../../../src/model/rollout.ts";
import { buildTrajectoryBlob } from "../../../src/trajectory/trajectory-blob.ts";

const seats = ["random", "minimax"];

function refusal(spec: Partial<GameSpec>): string {
  try {
    resolveGame({ game: "tictactoe", seats, ...spec });
  } catch (error) {
    return (error as { code: string }).code;
  }
  return "none";
}

describe("a game's seed", () => {
  it("is the first 53 bits of the digest that the format names", () => {
    const digest = sha256Of(["sameseed/game/1\0", "12", "\0", "3"]).toString("hex");
    expect(BigInt(gameSeed(12, 3))).toBe(BigInt(`0x${digest.slice(0, 14)}`) >> 3n);
    expect(gameSeed(0, 0)).toBe(gameSeed(0, 0));
    expect(() => gameSeed(-1, 0)).toThrow("seed");
  });

  it("is a seed, and another for every game", () => {
    const integer = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(integer, integer, (seed, game) => {
        expect(Number.isSafeInteger(gameSeed(seed, game))).toBe(true);
        expect(gameSeed(seed, game)).not.toBe(gameSeed(seed, (game + 1) % Number.MAX_SAFE_INTEGER));
      }),
    );
    // "1" and "23" are not "12" and "3".
    expect(gameSeed(1, 23)).not.toBe(gameSeed(12, 3));
  });
});

describe("a game's spec", () => {
  it("reads files, and puts in the defaults", () => {
    const path = join(mkdtempSync(join(tmpdir(), "sameseed-game-")), "mine.py");
    writeFileSync(path, "def act(observation, rng): return 0\n");
    const { template, image, limits } = resolveGame({
      game: "tictactoe",
      seats: [path, { actions: [1] }],
      mode: "restart",
      clocks: { moveCpuMs: 5 },
      limits: { memoryMb: 100 },
    });
    expect(template).toEqual({
      environment: { kind: "builtin", id: "tictactoe" },
      envArgs: {},
      mode: "restart",
      clocks: { ...defaultClocks, moveCpuMs: 5 },
      seats: [
        {
          seat: "X",
          policy: { kind: "source", name: "mine.py", source: "def act(observation, rng): return 0\n" },
        },
        { seat: "O", policy: { kind: "actions", actions: [1] } },
      ],
      maxSteps: null,
      volatileInfo: [],
    });
    expect([image, limits.memoryMb]).toEqual(["gymnasium", 100]);
  });

  it("is the same for built-in policies whatever mode and clocks are asked for", () => {
    const plain = resolveGame({ game: "tictactoe", seats }).template;
    const asked = resolveGame({
      game: "tictactoe",
      seats,
      mode: "restart",
      clocks: { moveCpuMs: 1 },
    }).template;
    expect(asked).toEqual(plain);
  });

  it("names PettingZoo's games and their image", () => {
    const { template, image } = resolveGame({
      game: "pettingzoo:connect_four_v3",
      seats: ["random", "random"],
    });
    expect([template.environment, image]).toEqual([
      { kind: "pettingzoo", id: "connect_four_v3" },
      "pettingzoo",
    ]);
    expect(template.seats).toMatchObject([{ seat: "1" }, { seat: "2" }]);
  });

  it.for([
    [{ game: "chess" }, "unknown_environment"],
    [{ game: "pettingzoo:atari/pong_v3" }, "unknown_environment"],
    [{ game: "pettingzoo:../etc" }, "unknown_environment"],
    [{ game: "pettingzoo:connect_four_v3", seats: ["greedy", "random"] }, "bad_policy"],
    [{ seats: ["random"] }, "bad_argument"],
    [{ seats: ["random", "random", "random"] }, "bad_argument"],
    [{ seats: [] }, "bad_argument"],
    [{ seats: ["random", "nobody"] }, "bad_policy"],
    [{ seats: ["random", "missing.py"] }, "bad_policy"],
    [{ seats: ["random", { source: "x", name: "../x.py" }] }, "bad_policy"],
    [{ clocks: { moveCpuMs: 0 } }, "bad_argument"],
    [{ maxSteps: 0 }, "bad_argument"],
    [{ limits: { cpuMs: -1 } }, "bad_argument"],
  ] as const)("%j is refused as %s", ([spec, code]) => {
    expect(refusal(spec)).toBe(code);
  });
});

describe("the built-in games", () => {
  it("are the files of python/envs, which say who plays them", () => {
    expect(builtinGames()).toEqual(["connect_four", "tictactoe"]);
    for (const game of builtinGames()) {
      const { seats: names, policies } = builtinGame(game)!;
      for (const policy of ["random", ...policies]) {
        const { template } = resolveGame({ game, seats: names.map(() => policy) });
        expect(template.environment).toEqual({ kind: "builtin", id: game });
        expect(template.seats.map(({ seat }) => seat)).toEqual(names);
      }
    }
    expect(builtinGame("../tictactoe")).toBeUndefined();
  });

  it("have policies of their own", () => {
    const minimax = { game: "connect_four", seats: ["minimax", "random"] };
    expect(() => resolveGame(minimax)).toThrow(expect.objectContaining({ code: "bad_policy" }));
  });
});

describe("a stream of several games", () => {
  const end = Buffer.from([3, 1, 0, 0, 0, 0xa0]);
  const ask = Buffer.from([4, 1, 0, 0, 0, 0xa0]);

  it("goes on behind an END and holds questions, however it is cut", () => {
    const stream = Buffer.concat([end, ask, end]);
    for (let size = 1; size <= stream.length; size++) {
      const decoder = new FrameDecoder({ live: true });
      const types = [];
      for (let at = 0; at < stream.length; at += size)
        types.push(...decoder.push(stream.subarray(at, at + size)).map(({ type }) => type));
      expect(types).toEqual(["end", "ask", "end"]);
    }
  });

  it("is refused where one rollout is expected", () => {
    expect(() => new FrameDecoder().push(Buffer.concat([end, end]))).toThrow("follow the END");
    expect(() => new FrameDecoder().push(ask)).toThrow("unknown type 4");
  });
});

describe("a game's score", () => {
  const manifest = Buffer.from('{"spec":{"seats":[{"seat":"X"},{"seat":"O"}]}}');
  const scored = (outcome: string, error?: object): unknown => {
    const summary = {
      seed: 5,
      outcome,
      steps: 3,
      totalReward: 0.5,
      ...(error === undefined ? {} : { error }),
    };
    const rollout = { summary, trajectory: buildTrajectoryBlob(manifest, []) } as unknown as RecordedRollout;
    const { score, forfeit, infra } = scoreGame({ seed: 1, game: 2 }, rollout);
    return [score, forfeit?.seat, forfeit?.fault, infra === undefined];
  };

  it("is the reward, or a forfeit's, or none where the game itself failed", () => {
    expect(scored("terminated")).toEqual([0.5, undefined, undefined, true]);
    const by = { by: "policy", kind: "limit", type: "limit", message: "m" };
    expect(scored("cpu_limit", { ...by, seat: "X" })).toEqual([-1, "X", "cpu_limit", true]);
    expect(scored("policy_error", { ...by, seat: "O" })).toEqual([1, "O", "crash", true]);
    expect(scored("process_limit", { ...by, seat: "O" })).toEqual([1, "O", "crash", true]);
    expect(scored("policy_error", { ...by, kind: "no_policy", seat: "O" })).toEqual([
      1,
      "O",
      "no_policy",
      true,
    ]);
    expect(scored("policy_error", { ...by, kind: "bad_policy", seat: "O" })).toEqual([
      1,
      "O",
      "no_policy",
      true,
    ]);
    expect(scored("env_error", { ...by, by: "environment" })).toEqual([null, undefined, undefined, false]);
    const unknown = {
      by: "environment",
      kind: "unknown_environment",
      type: "UnknownEnvironment",
      message: "m",
    };
    expect(() => scored("env_error", unknown)).toThrow("m");
  });

  it("hangs on no name of a class, which anybody may give to anything", () => {
    const raised = { by: "policy", kind: "raised", message: "m", seat: "O" };
    for (const type of ["BadPolicy", "NoPolicy", "UnknownEnvironment", "IllegalAction", "eof"])
      expect(scored("policy_error", { ...raised, type })).toEqual([1, "O", "crash", true]);
    expect(scored("env_error", { by: "environment", kind: "raised", type: "UnknownEnvironment" })).toEqual([
      null,
      undefined,
      undefined,
      false,
    ]);
  });
});
