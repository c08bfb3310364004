import { type Arithmetic, doubles, inFractions } from "./arithmetic.ts";
import { type DeclaredPolicy, movesOf } from "./declared-policy.ts";
import { formatFraction, toNumber } from "./fraction.ts";
import {
  type Board,
  boardKey,
  emptyBoard,
  seatToMove,
  standingOf,
  withMark,
} from "../../games/tictactoe-board.ts";

/** The exact value of a game of two declared policies: probabilities and means. */
export interface ExactValue {
  /** Mean return of X: P(X wins) - P(O wins). */
  readonly meanReturn: number;
  /** Standard deviation of X's return in one game. */
  readonly sd: number;
  readonly xWins: number;
  readonly draws: number;
  readonly oWins: number;
  /** Mean number of moves. */
  readonly moves: number;
  /** The same as fractions, as in `187/630`; null if a policy's weights are not whole, or the fractions too long. */
  readonly fractions: Readonly<Record<"meanReturn" | "xWins" | "draws" | "oWins" | "moves", string>> | null;
}

interface Ending<T> {
  readonly xWins: T;
  readonly draws: T;
  readonly oWins: T;
  /** Mean number of moves still to come. */
  readonly moves: T;
}

/**
 * Enumerates every game of two policies from the empty board: exactly where all weights are whole, else to 12 digits.
 * @throws SameseedError `bad_policy` where a policy declares something that is not a distribution over empty cells
 */
export function exactValue(policyX: DeclaredPolicy, policyO: DeclaredPolicy): ExactValue {
  const exact = inFractions((fractions) => ({
    ...endingOf(policyX, policyO, fractions),
    minus: fractions.minus,
  }));
  if (exact === undefined) return { ...described(endingOf(policyX, policyO, doubles)), fractions: null };
  const { xWins, draws, oWins, moves } = exact;
  const meanReturn = exact.minus(xWins, oWins);
  return {
    ...described({
      xWins: toNumber(xWins),
      draws: toNumber(draws),
      oWins: toNumber(oWins),
      moves: toNumber(moves),
    }),
    meanReturn: toNumber(meanReturn),
    fractions: {
      meanReturn: formatFraction(meanReturn),
      xWins: formatFraction(xWins),
      draws: formatFraction(draws),
      oWins: formatFraction(oWins),
      moves: formatFraction(moves),
    },
  };
}

function described(ending: Ending<number>): Omit<ExactValue, "fractions"> {
  const meanReturn = ending.xWins - ending.oWins;
  const variance = ending.xWins + ending.oWins - meanReturn ** 2;
  return { meanReturn, sd: Math.sqrt(Math.max(variance, 0)), ...ending };
}

function endingOf<T>(policyX: DeclaredPolicy, policyO: DeclaredPolicy, numbers: Arithmetic<T>): Ending<T> {
  const { zero, one } = numbers;
  const known = new Map<string, Ending<T>>();
  return from(emptyBoard);

  function from(board: Board): Ending<T> {
    const key = boardKey(board);
    const before = known.get(key);
    if (before !== undefined) return before;
    const ending = search(board);
    known.set(key, ending);
    return ending;
  }

  function search(board: Board): Ending<T> {
    const standing = standingOf(board);
    if (standing !== "open") {
      const is = (result: string): T => (standing === result ? one : zero);
      return { xWins: is("X"), draws: is("draw"), oWins: is("O"), moves: zero };
    }
    const seat = seatToMove(board);
    const moves = movesOf(seat === "X" ? policyX : policyO, board, seat);
    let sum: Ending<T> = { xWins: zero, draws: zero, oWins: zero, moves: one };
    for (const move of moves) {
      const share = numbers.share(move, moves);
      const next = from(withMark(board, move[0], seat));
      const added = (a: T, b: T): T => numbers.plus(a, numbers.times(share, b));
      sum = {
        xWins: added(sum.xWins, next.xWins),
        draws: added(sum.draws, next.draws),
        oWins: added(sum.oWins, next.oWins),
        moves: added(sum.moves, next.moves),
      };
    }
    return sum;
  }
}
