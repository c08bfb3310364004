import { SameseedError } from "../../base/error.ts";
import type { PlayGamesOptions } from "../../games/play-games.ts";
import { countPairing, type LeagueGame } from "../league/pairing.ts";
import { type GamesToPlay, type Player, playLeg, playPairs } from "../league/play-pairs.ts";
import { sprt, type SprtOptions } from "../../stats/sprt.ts";

/*
 * Compares a candidate with the champion by a sequential test on pairs of games. The test is evaluated after every
 * batch of pairs, in the order of their numbers and not of their completion, so its verdict does not depend on the
 * concurrency.
 *
 * What is learned from self-play is judged by playing the champion: a pair is two games with swapped seats. What is learned
 * against a policy is judged by playing that policy: a pair is the candidate's game and the champion's, in the same seat
 * with the same seed.
 */

/** When a candidate counts as better. */
export interface ContestRules extends SprtOptions {
  /** The most pairs; without a verdict by then the champion stays. */
  readonly maxPairs: number;
}

/** Who is judged, and by playing whom. */
export interface Contestants {
  readonly candidate: Player;
  readonly champion: Player;
  /** Whom both play; undefined where they play each other. */
  readonly judge: Player | undefined;
}

/** What a contest found. */
export interface ContestResult {
  readonly pairs: number;
  /** Pairs by the candidate's points: 0, ½, 1, 1½, 2. Against an opponent, 1 means as many as the champion got. */
  readonly pentanomial: readonly number[];
  readonly llr: number;
  readonly low: number;
  readonly high: number;
  readonly verdict: "better" | "not better" | "undecided";
  /** Games that somebody forfeited. */
  readonly forfeits: number;
}

/** Counts of pairs, as in {@link ContestResult}. */
type Pentanomial = [number, number, number, number, number];

/** Pairs between two looks. */
const batchPairs = 8;

/**
 * Plays pairs until the test has a verdict, or `maxPairs`.
 * @throws SameseedError `sandbox_failed` where the host could not play a game: a verdict without it would not be the same
 * again; else as `playGames`
 */
export async function holdContest(
  contestants: Contestants,
  { game, seed }: Omit<GamesToPlay, "numbers">,
  rules: ContestRules,
  options: PlayGamesOptions & { readonly onPairs?: (pairs: number) => void } = {},
): Promise<ContestResult> {
  const counts: Pentanomial = [0, 0, 0, 0, 0];
  let forfeits = 0;
  let state = sprt(counts, rules);
  let pairs = 0;
  while (pairs < rules.maxPairs && state.verdict === "continue") {
    const to = Math.min(rules.maxPairs, pairs + batchPairs);
    const from = pairs;
    const numbers = Array.from({ length: to - from }, (_, at) => from + at);
    const batch = await playBatch(contestants, { game, seed, numbers }, options);
    for (const [index, count] of batch.pentanomial.entries()) counts[index] = (counts[index] ?? 0) + count;
    forfeits += batch.games.filter(({ fault }) => fault !== undefined).length;
    pairs = to;
    state = sprt(counts, rules);
    options.onPairs?.(pairs);
  }
  const verdicts = { elo0: "not better", elo1: "better", continue: "undecided" } as const;
  const { llr, low, high } = state;
  return { pairs, pentanomial: counts, llr, low, high, verdict: verdicts[state.verdict], forfeits };
}

async function playBatch(
  { candidate, champion, judge }: Contestants,
  games: GamesToPlay,
  options: PlayGamesOptions,
): Promise<{ readonly pentanomial: readonly number[]; readonly games: readonly LeagueGame[] }> {
  if (judge !== undefined) {
    const own = await playJudge(candidate, judge, games, options);
    const best = await playJudge(champion, judge, games, options);
    return { pentanomial: compare(own, best), games: complete([...own, ...best]) };
  }
  const played = await playPairs(games, [candidate, champion], options);
  const all = complete(played.flat());
  return { pentanomial: countPairing(["candidate", "champion"], ...played).pentanomial, games: all };
}

/** Plays the judge, at X in games with an even number and at O in the others; scores are the player's own. */
async function playJudge(
  player: Player,
  judge: Player,
  games: GamesToPlay,
  options: PlayGamesOptions,
): Promise<readonly LeagueGame[]> {
  const half = (rest: number): GamesToPlay => ({
    ...games,
    numbers: games.numbers.filter((number) => number % 2 === rest),
  });
  const asX = await playLeg(half(0), [player, judge], options);
  const asO = await playLeg(half(1), [judge, player], options);
  return [...asX, ...asO.map((game) => ({ ...game, score: game.score === null ? null : 0 - game.score }))];
}

function compare(own: readonly LeagueGame[], best: readonly LeagueGame[]): Pentanomial {
  const counts: Pentanomial = [0, 0, 0, 0, 0];
  const others = new Map(best.map(({ game, score }) => [game, score ?? 0]));
  for (const { game, score } of own) {
    const index = (score ?? 0) - (others.get(game) ?? 0) + 2;
    counts[index] = (counts[index] ?? 0) + 1;
  }
  return counts;
}

function complete(games: readonly LeagueGame[]): readonly LeagueGame[] {
  if (games.every(({ score }) => score !== null)) return games;
  throw new SameseedError("sandbox_failed", "the host could not play every game of an evaluation", {
    hint: "run `sameseed doctor` to see what the host lacks",
  });
}
