import { join } from "node:path";

import { gameSeed } from "../model/seed.ts";
import { legFolder } from "../evaluate/matchup/matchup-file.ts";
import { recordedMatchup } from "../evaluate/matchup/recorded-matchup.ts";
import { readLeague } from "../evaluate/league/league-file.ts";
import { tabulate } from "../evaluate/league/league-report.ts";
import { readScores } from "../judge/record/score-folder.ts";
import type { LibraryEntry } from "./documents.ts";
import type {
  LeagueViewDocument,
  MatchupViewDocument,
  ScoreDocument,
  ScoreGroup,
  ScoreLine,
  ScoresViewDocument,
} from "./contest-documents.ts";
import type { Library, Recording } from "./library.ts";
import { lineOf } from "./run-documents.ts";
import { isLive } from "./open-runs.ts";
import { toJson } from "./to-json.ts";

/** The hypotheses of `compare`, unless it was given others. */
const hypotheses = { elo0: 0, elo1: 50, alpha: 0.05, beta: 0.05 };
/** The most pairs and forfeits that are listed. */
const listedMost = 200;

/** `matchup/ID` */
export async function matchupDocument(library: Library, id: string): Promise<MatchupViewDocument> {
  const { dir } = library.find(id);
  const { document, report, strength, path, units, forfeits } = await recordedMatchup(dir, hypotheses);
  const { bySeed: _, spec: __, ...rest } = report;
  const legIds = [false, true].map((swapped) => idOfDir(library, legFolder(dir, swapped)) ?? "");
  const order = [...units].sort(
    (a, b) => Math.abs(b.value) - Math.abs(a.value) || a.seed - b.seed || a.game - b.game,
  );
  return {
    id,
    dir,
    document: toJson(document),
    report: toJson(rest),
    strength: strength === null ? null : toJson(strength),
    path,
    parted: order.slice(0, listedMost).map(({ seed, game, scores }) => {
      const key = gameSeed(seed, game);
      return { seed, game, scores, keys: scores.map(() => key) };
    }),
    forfeits: forfeits.slice(0, listedMost).map(({ seed, game, swapped, forfeit }) => ({
      seed,
      game,
      by: forfeit?.by ?? "",
      fault: forfeit?.fault ?? "",
      message: forfeit?.message ?? "",
      leg: legIds[swapped ? 1 : 0] ?? "",
      key: gameSeed(seed, game),
    })),
    legs: legIds,
  };
}

/** `league/ID` */
export function leagueDocument(library: Library, id: string): LeagueViewDocument {
  const { dir } = library.find(id);
  const { plan, pairings } = readLeague(dir);
  const names = plan.players.map(({ name }) => name);
  const parts = library.list().filter(({ part, kind }) => part === id && kind === "matchup");
  return {
    id,
    dir,
    game: plan.game,
    table: toJson(tabulate(names, pairings)),
    pairings: parts.flatMap((part, at) => {
      const legs = pairings[at]?.legs[0];
      return [{ id: part.id, a: legs?.x ?? "", b: legs?.o ?? "" }];
    }),
  };
}

function idOfDir(library: Library, dir: string): string | undefined {
  return library.list().find((recording) => join(recording.dir) === join(dir))?.id;
}

/** `scores/ID` */
export function scoresDocument(library: Library, id: string): ScoresViewDocument {
  const { dir } = library.find(id);
  const { items, results } = readScores(dir);
  const lines = items.flatMap((item): ScoreLine[] => {
    const result = results.get(item.id ?? "");
    if (result === undefined) return [];
    const { task, score, verdict, passed, total, flags, assurance } = result;
    return [{ id: result.id, task, score, verdict, passed, total, flags, assurance }];
  });
  const verdicts: Record<string, number> = {};
  for (const { verdict } of lines) verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
  return {
    id,
    dir,
    verdicts,
    mean: meanOf(lines.map(({ score }) => score)),
    items: lines,
    groups: groupsOf(lines),
    live: isLive(dir),
  };
}

/** `score/ID/ITEM` */
export function scoreDocument(library: Library, id: string, itemId: string): ScoreDocument {
  const { items, results } = readScores(library.find(id).dir);
  const found = items.find((item) => item.id === itemId);
  if (found === undefined) return { item: {}, task: {}, result: null };
  const { task, ...item } = found;
  const result = results.get(itemId);
  return { item: toJson(item), task: toJson(task), result: result === undefined ? null : toJson(result) };
}

function groupsOf(lines: readonly ScoreLine[]): ScoreGroup[] {
  return Array.from(
    Map.groupBy(lines, ({ task }) => task),
    ([task, own]) => {
      const scores = own.map(({ score }) => score);
      const given = scores.filter((score) => score !== null);
      return {
        task,
        scores,
        ids: own.map(({ id }) => id),
        mean: meanOf(scores),
        flat: given.length > 1 && given.every((score) => score === given[0]),
      };
    },
  );
}

/** Of scores that are there: null is not 0. */
function meanOf(scores: readonly (number | null)[]): number | null {
  const given = scores.filter((score) => score !== null);
  return given.length === 0 ? null : given.reduce((sum, score) => sum + score, 0) / given.length;
}

/** The line of a matchup, a league or a folder of scores in the table of recordings. */
export async function evaluationEntry(library: Library, recording: Recording): Promise<LibraryEntry> {
  const line = {
    ...lineOf(recording),
    missing: 0,
    verdict: "never",
    createdAt: "",
    image: "",
    world: "",
  } as const;
  if (recording.kind === "league") {
    const { plan, pairings } = readLeague(recording.dir);
    const { games, infra } = tabulate(
      plan.players.map(({ name }) => name),
      pairings,
    );
    return {
      ...line,
      title: plan.game,
      policy: `${plan.players.length} players`,
      size: games,
      faults: infra,
      mean: null,
    };
  }
  if (recording.kind === "scores") {
    const { items, mean } = scoresDocument(library, recording.id);
    const unscored = items.filter(({ score }) => score === null).length;
    return {
      ...line,
      title: "scores",
      policy: `${new Set(items.map(({ task }) => task)).size} tasks`,
      size: items.length,
      faults: unscored,
      mean,
    };
  }
  const { document, report } = await recordedMatchup(recording.dir, hypotheses);
  const { games, infra, meanReturn } = report;
  const policy = `${document.x.name} v ${document.o.name}`;
  return {
    ...line,
    title: document.env,
    policy,
    size: games,
    faults: infra,
    mean: meanReturn,
    world: document.world,
  };
}
