import fc from "fast-check";
import { expect, test } from "vitest";
import { bestResponse } from "../../../../src/evaluate/exact/best-response.ts";
import {
  blockingPolicy,
  centrePolicy,
  type DeclaredPolicy,
  optimalMoves,
  optimalPolicy,
  uniformPolicy,
  winningPolicy,
} from "../../../../src/evaluate/exact/declared-policy.ts";
import { countGames, reachableStates } from "../../../../src/evaluate/exact/enumerate-tictactoe.ts";
import { exactValue } from "../../../../src/evaluate/exact/exact-value.ts";
import { type Board, boardKey, emptyCells, seatToMove } from "../../../../src/games/tictactoe-board.ts";

const optimal = optimalPolicy();
const policies = [uniformPolicy, winningPolicy, blockingPolicy, centrePolicy, optimal] as const;

// 5478 and 4520 are OpenSpiel's (tic_tac_toe.h, policy_test.py); all others were enumerated with rationals in Python.
test("5,478 states: 4,520 to move in, 958 finished", () => {
  const states = reachableStates();
  expect(states.length).toBe(5478);
  const open = states.filter(({ standing }) => standing === "open");
  expect(open.length).toBe(4520);
  expect(open.filter(({ board }) => seatToMove(board) === "X").length).toBe(2423);
  expect(open.filter(({ board }) => seatToMove(board) === "O").length).toBe(2097);
  const finished = (standing: string): number => states.filter((state) => state.standing === standing).length;
  expect([finished("X"), finished("O"), finished("draw")]).toEqual([626, 316, 16]);
});

test("765 states up to symmetry, 138 of them finished", () => {
  const classes = new Map(reachableStates().map((state) => [canonical(state.board), state.standing]));
  expect(classes.size).toBe(765);
  expect([...classes.values()].filter((standing) => standing !== "open").length).toBe(138);
});

test("255,168 games by result and length", () => {
  expect(countGames()).toEqual({
    total: 255_168,
    byResult: { X: 131_184, O: 77_904, draw: 46_080 },
    byLength: { 5: 1440, 6: 5328, 7: 47_952, 8: 72_576, 9: 127_872 },
  });
});

test("random against random, in fractions", () => {
  const value = exactValue(uniformPolicy, uniformPolicy);
  expect(value.fractions).toEqual({
    meanReturn: "187/630",
    xWins: "737/1260",
    draws: "8/63",
    oWins: "121/420",
    moves: "3203/420",
  });
  expect(value.meanReturn).toBeCloseTo(0.296825, 6);
  expect(value.sd).toBeCloseTo(0.886, 4);
  expect(value.moves).toBeCloseTo(7.626, 3);
});

test("five policies against each other, X's mean return", () => {
  const matrix = policies.map((x) => policies.map((o) => Number(exactValue(x, o).meanReturn.toFixed(6))));
  expect(matrix).toEqual([
    [0.296825, -0.126455, -0.638801, -0.840212, -0.777484],
    [0.693298, 0.415168, -0.514286, -0.8, -0.777484],
    [0.882451, 0.859965, 0.137566, 0.107937, -0.165079],
    [0.963542, 0.963542, 0.4375, 0, 0],
    [0.967811, 0.967811, 0.774614, 0.203704, 0],
  ]);
});

test.each([
  ["random", uniformPolicy, "191/192", "874/945"],
  ["win, block, random", blockingPolicy, "89/96", "2/5"],
  ["win, block, centre", centrePolicy, "1", "0"],
  ["optimal", optimal, "0", "0"],
] as const)("the most that can be had from %s", (_, policy, asX, asO) => {
  expect([bestResponse(policy, "X").fraction, bestResponse(policy, "O").fraction]).toEqual([asX, asO]);
});

test("a player who never loses gets less from random as O, and as much as X", () => {
  const cells = optimalMoves();
  expect(bestResponse(uniformPolicy, "X", { cells }).fraction).toBe("191/192");
  expect(bestResponse(uniformPolicy, "O", { cells }).value).toBeCloseTo(0.916402, 6);
});

test("a best response gets its value in the enumeration, and nothing gets more", () => {
  for (const policy of policies) {
    const asX = bestResponse(policy, "X");
    const asO = bestResponse(policy, "O");
    expect(exactValue(asX.policy, policy).meanReturn).toBe(asX.value);
    expect(exactValue(policy, asO.policy).meanReturn).toBe(0 - asO.value);
    expect(exactValue(blockingPolicy, policy).meanReturn).toBeLessThanOrEqual(asX.value);
    expect(-exactValue(policy, centrePolicy).meanReturn).toBeLessThanOrEqual(asO.value);
  }
});

const weighing =
  (weights: readonly number[]): DeclaredPolicy =>
  (board) =>
    emptyCells(board).map((cell) => [cell, weights[cell] ?? 1] as const);

test("weights that are not whole are enumerated in doubles, to the same value", () => {
  const tenths = exactValue(weighing([0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]), uniformPolicy);
  expect(tenths.fractions).toBeNull();
  expect(tenths.meanReturn).toBeCloseTo(187 / 630, 12);
  expect(tenths.sd).toBeCloseTo(0.8859517801863253, 12);
  const response = bestResponse(weighing([0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]), "O");
  expect(response.fraction).toBeNull();
  expect(response.value).toBeCloseTo(874 / 945, 12);
  expect(-exactValue(uniformPolicy, response.policy).meanReturn).toBeCloseTo(874 / 945, 12);
});

test("fractions that grow out of bounds are given up for doubles", () => {
  const primes = [
    1_000_003, 1_000_033, 1_000_037, 1_000_039, 1_000_081, 1_000_099, 1_000_117, 1_000_121, 1_000_133,
  ];
  const value = exactValue(weighing(primes), weighing(primes.toReversed()));
  expect(value.fractions).toBeNull();
  // All weights are nearly equal.
  expect(value.meanReturn).toBeCloseTo(187 / 630, 3);
});

test("probabilities sum to 1 for any weights", () => {
  const weights = fc.array(fc.double({ min: 1e-3, max: 1, noNaN: true }), { minLength: 9, maxLength: 9 });
  fc.assert(
    fc.property(weights, (x) => {
      const value = exactValue(weighing(x), uniformPolicy);
      expect(value.xWins + value.draws + value.oWins).toBeCloseTo(1, 12);
      expect(value.meanReturn).toBeCloseTo(value.xWins - value.oWins, 12);
    }),
    { numRuns: 5 },
  );
});

test.each([
  ["nothing", () => []],
  ["a taken cell", () => [[0, 1]]],
  ["a cell outside", () => [[9, 1]]],
  [
    "a cell twice",
    (board: Board) => emptyCells(board).flatMap((cell) => [[cell, 1] as const, [cell, 1] as const]),
  ],
  ["a weight of 0", (board: Board) => [[emptyCells(board)[0] ?? 0, 0]]],
  ["no number", (board: Board) => [[emptyCells(board)[0] ?? 0, Number.NaN]]],
] as const)("a policy that declares %s is refused", (_, policy) => {
  expect(() => exactValue(policy as unknown as DeclaredPolicy, uniformPolicy)).toThrow(
    expect.objectContaining({ code: "bad_policy" }),
  );
});

/** The least of the keys of a board's eight rotations and reflections. */
function canonical(board: Board): string {
  const turn = (cells: Board): Board => [6, 3, 0, 7, 4, 1, 8, 5, 2].map((cell) => cells[cell] ?? null);
  const flip = (cells: Board): Board => [2, 1, 0, 5, 4, 3, 8, 7, 6].map((cell) => cells[cell] ?? null);
  let least = boardKey(board);
  let turned = board;
  for (let step = 0; step < 4; step++) {
    turned = turn(turned);
    for (const key of [boardKey(turned), boardKey(flip(turned))]) if (key < least) least = key;
  }
  return least;
}
