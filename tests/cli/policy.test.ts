/* `sameseed policy check`: what it finds in policies that are right, that fail, and that are not the same again. */
import { afterAll, describe, expect, it } from "vitest";

import { racingPolicy } from "../racing-policy.ts";
import { Workplace, type Ended } from "./sameseed.ts";

const place = new Workplace({
  "first.py": "def choose_action(board, player, rng):\n    return board.index(None)\n",
  "acts.py":
    "def init(seat, rng):\n    pass\n\ndef act(observation, rng, info):\n    return observation['board'].index(None)\n",
  "counts.py":
    "moves = 0\n\ndef choose_action(board, player, rng):\n    global moves\n    moves += 1\n    free = [c for c in range(9) if board[c] is None]\n    return free[moves % len(free)]\n",
  "clock.py": racingPolicy,
  "crash.py":
    "def fails():\n    raise ValueError('\\x1b[2Jno more')\n\ndef choose_action(board, player, rng):\n    if any(board):\n        fails()\n    return 0\n",
  "broken.py": "x = 1\ndef choose_action(\n",
});
afterAll(() => place[Symbol.dispose]());

async function check(...args: readonly string[]): Promise<Ended> {
  return await place.run(["policy", "check", ...args]);
}

async function found(
  ...args: readonly string[]
): Promise<Record<string, unknown> & { readonly code: number | null }> {
  const { code, stdout } = await check(...args, "--json");
  return { ...(JSON.parse(stdout) as Record<string, unknown>), code };
}

describe("a policy check", () => {
  it("finds nothing wrong with a good policy, and says what it is", async () => {
    expect(await found("first.py", "--games", "2")).toMatchObject({
      code: 0,
      policy: "first.py",
      interface: { asked: "choose_action", init: false },
      games: 2,
      // Both seats take the first empty cell: X wins with 2, 4 and 6.
      moves: 14,
      faults: [],
      deterministic: true,
      restartEqualsKeep: true,
      infra: 0,
      ok: true,
    });
    expect(await found("acts.py", "--games", "1", "--mode", "restart")).toMatchObject({
      code: 0,
      mode: "restart",
      interface: { asked: "act", init: true },
      restartEqualsKeep: true,
    });
  });

  it("tells CPU time from the sandboxes' own accounting", async () => {
    const { cpu } = await found("first.py", "--games", "1");
    expect(cpu).toMatchObject({ bankMs: 10_000 });
    const { meanMoveMs, mostMs } = cpu as { readonly meanMoveMs: number; readonly mostMs: number };
    expect(meanMoveMs).toBeGreaterThan(0);
    expect(mostMs).toBeGreaterThanOrEqual(meanMoveMs);
  });

  it("notices what a policy remembers from move to move", async () => {
    expect(await found("counts.py", "--games", "1")).toMatchObject({
      code: 0,
      deterministic: true,
      restartEqualsKeep: false,
    });
  });

  it("notices a policy that is not the same again", async () => {
    expect(await found("clock.py", "--games", "4")).toMatchObject({
      code: 1,
      faults: [],
      deterministic: false,
    });
  });

  it("names the fault with its line, safely for a terminal", async () => {
    const { code, stdout } = await check("crash.py", "--games", "2");
    expect(code).toBe(1);
    expect(stdout).toContain("crash of O in game 0 at move 2, line 2 (and in 1 other game)");
    expect(stdout).toContain(String.raw`ValueError: \x1b[2Jno more`);
    expect(stdout).toContain('File "crash.py", line 6, in choose_action');
    expect(stdout).not.toContain("\u001b");
    expect(await found("broken.py", "--games", "1")).toMatchObject({
      code: 1,
      interface: null,
      moves: 0,
      cpu: null,
      faults: [{ game: 0, seat: "X", fault: "no_policy", line: 2 }],
      restartEqualsKeep: null,
    });
  });

  it.for([
    [["missing.py"], /cannot be read/],
    [["greedy"], /built-in policies cannot be checked/],
    [["first.py", "--games", "0"], /--games/],
    [["first.py", "--env", "chess"], /there is no game/],
    [[], /missing required argument/],
  ] as const)("%j is misuse", async ([args, message]) => {
    const { code, stderr, stdout } = await check(...args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(stdout).toBe("");
  });
});
