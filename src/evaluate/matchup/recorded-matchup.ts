import { gameSeed } from "../../model/seed.ts";
import { scoreGame } from "../../games/game-result.ts";
import type { GameKey } from "../../games/play-games.ts";
import { countPairs } from "../../stats/score-counts.ts";
import { sprt, type SprtOptions, type SprtState } from "../../stats/sprt.ts";
import { RunReader } from "../../store/run-reader.ts";
import { isRunFolder } from "../../store/run-folder.ts";
import { type Strength, strengthOf } from "./compare-report.ts";
import { returnsOf } from "./matchup-config.ts";
import { legFolder, type MatchupDocument, readMatchup } from "./matchup-file.ts";
import { type MatchGame, toMatchGame } from "./match-game.ts";
import { type MatchupFacts, type MatchupReport, reportUnits } from "./report-matchup.ts";
import { observationsOf, pointsOf, toUnits, type Unit } from "./units.ts";
import { keysOf, pairsPerBlock, placesOf } from "./unit-keys.ts";

/** A recorded matchup, counted from its games as they are in the folder. */
export interface RecordedMatchup {
  readonly document: MatchupDocument;
  readonly report: MatchupReport;
  /** Null where seats are not swapped. */
  readonly strength: Strength | null;
  /** The sequential test as it went on, block by block, in the order of the pairs; empty where seats are not swapped. */
  readonly path: readonly SequentialPoint[];
  readonly units: readonly Unit[];
  /** Games that a policy forfeited. */
  readonly forfeits: readonly MatchGame[];
}

/** The most looks that a path shows: of a long matchup every second block, or every tenth. */
const mostLooks = 400;

/** One look of the sequential test. */
export interface SequentialPoint extends SprtState {
  readonly pairs: number;
}

/**
 * Counts a recorded matchup again, from its run folders; nothing is played.
 * @param hypotheses those of the sequential test; the folder does not say which ones it was played with
 * @throws SameseedError `run_missing`, `run_damaged`, `io_failed`
 */
export async function recordedMatchup(folder: string, hypotheses: SprtOptions): Promise<RecordedMatchup> {
  const document = readMatchup(folder);
  const { seeds, swap, unitsPerSeed, maxPairs } = document;
  const layout = {
    seeds,
    unitsPerSeed: unitsPerSeed ?? 0,
    ...(maxPairs === null ? {} : { sequential: { maxPairs } }),
  };
  const keys = new Map(keysOf(layout).map((key) => [gameSeed(key.seed, key.game), key]));
  const games: MatchGame[] = [];
  for (const swapped of swap ? [false, true] : [false])
    games.push(...(await readLeg(legFolder(folder, swapped), keys, swapped)));
  const placeOf = placesOf(layout);
  const found = toUnits(games, placeOf, swap);
  const report = reportUnits(games, found, factsOf(document, placeOf));
  const observed = observationsOf(found.units);
  return {
    document,
    report,
    strength: swap ? strengthOf(observed, hypotheses) : null,
    path: swap ? pathOf(observed, hypotheses) : [],
    units: found.units,
    forfeits: games.filter(({ forfeit }) => forfeit !== undefined),
  };
}

async function readLeg(
  folder: string,
  keys: ReadonlyMap<number, GameKey>,
  swapped: boolean,
): Promise<MatchGame[]> {
  if (!isRunFolder(folder)) return [];
  using reader = await RunReader.open(folder);
  return Array.from(reader.rows()).flatMap((summary) => {
    const key = keys.get(summary.seed);
    if (key === undefined) return [];
    const rollout = {
      summary,
      // Only the score of a forfeit needs it.
      get trajectory(): Buffer {
        return reader.trajectory(summary.seed);
      },
      seats: [],
    };
    return [toMatchGame(scoreGame(key, rollout), swapped)];
  });
}

function factsOf(
  { env, x, o, seeds, swap }: MatchupDocument,
  placeOf: MatchupFacts["placeOf"],
): MatchupFacts {
  const support = returnsOf(env);
  return {
    spec: "",
    env,
    x: x.name,
    o: o.name,
    seeds,
    swap,
    placeOf,
    anytime: false,
    ...(support === undefined ? {} : { support }),
  };
}

function pathOf(pairs: readonly Unit[], hypotheses: SprtOptions): SequentialPoint[] {
  const points = pairs.map(pointsOf);
  const path: SequentialPoint[] = [];
  const stride = pairsPerBlock * Math.max(1, Math.ceil(points.length / pairsPerBlock / mostLooks));
  for (let end = stride; end - stride < points.length; end += stride) {
    const seen = points.slice(0, end);
    path.push({ pairs: seen.length, ...sprt(countPairs(seen), hypotheses) });
  }
  return path;
}
