import { expect, test } from "vitest";
import { exactMatchup } from "../../../../src/evaluate/matchup/exact-matchup.ts";

const base = { env: "tictactoe", swap: true } as const;

test("random against random is worth nothing over both seats, and 187/630 at the first", () => {
  const exact = exactMatchup({ ...base, policyX: "random", policyO: "random" });
  expect(exact.meanReturn).toBe(0);
  expect(exact.x.fractions?.meanReturn).toBe("187/630");
});

test("the value over both seats is the mean of both, from policy x's view", () => {
  const exact = exactMatchup({ ...base, policyX: "greedy", policyO: "random" });
  expect(exact.x.meanReturn.toFixed(6)).toBe("0.882451");
  expect(exact.o?.meanReturn.toFixed(6)).toBe("-0.638801");
  expect(exact.meanReturn.toFixed(6)).toBe("0.760626");
  const alone = exactMatchup({ ...base, swap: false, policyX: "greedy", policyO: "random" });
  expect([alone.o, alone.meanReturn.toFixed(6)]).toEqual([null, "0.882451"]);
});

test("minimax never loses, and greedy draws with it at times", () => {
  const exact = exactMatchup({ ...base, policyX: "minimax", policyO: "greedy" });
  expect(exact.x.oWins).toBe(0);
  expect(exact.meanReturn.toFixed(6)).toBe("0.469847");
});

test("a source that declares nothing is refused, and so is another game", () => {
  const source = { name: "mine.py", source: "def choose_action(board, player, rng):\n    return 0\n" };
  expect(() => exactMatchup({ ...base, policyX: "greedy", policyO: source })).toThrow(
    expect.objectContaining({ code: "bad_argument", message: expect.stringContaining("mine.py") as string }),
  );
  expect(() =>
    exactMatchup({ ...base, env: "pettingzoo:tictactoe_v3", policyX: "random", policyO: "random" }),
  ).toThrow(expect.objectContaining({ code: "bad_argument" }));
});
