import type { LeagueTable, Payoff, PlayerTally } from "../../evaluate/league/league-report.ts";
import type { Pairing } from "../../evaluate/league/pairing.ts";
import type { LeaguePlan } from "../../evaluate/league/league-file.ts";
import type { LeagueResult } from "../../evaluate/league/run-league.ts";
import type { Rating } from "../../stats/bradley-terry.ts";
import { count } from "./numbers.ts";
import { clip, type Painter } from "./style.ts";
import { formatTable } from "./table.ts";

const nameMost = 24;

/** A league for people: ratings, the payoff of every pairing, and forfeits where there are any. */
export function formatLeague({ plan, table, pairings }: LeagueResult, paint: Painter): string[] {
  const { players, games, effective, infra } = table;
  const counted = effective === games ? "" : `, of which the ratings count ${effective}`;
  return [
    `${plan.game} · ${count(players.length, "player")} · ${count(pairings.length, "pairing")} of ${plan.games} games · seed ${plan.seed}`,
    "",
    ...ratingLines(table, paint),
    "",
    "mean return of X, row at X and column at O",
    ...payoffLines(table),
    ...alikeLines(table),
    ...faultLines(players, paint),
    "",
    `${count(games, "game")}${counted} · infra ${infra}`,
  ];
}

/** Whether so many games have no result that the table cannot be trusted: more than one in twenty. */
export function tooMuchTrouble({ games, infra }: LeagueTable): boolean {
  return infra * 20 > games + infra;
}

function ratingLines({ ratings, players }: LeagueTable, paint: Painter): string[] {
  if (ratings === undefined) return [paint("bad", "no game has a result")];
  const percent = `${ratings.level * 100} %`;
  const columns = [
    { title: "", align: "right" },
    { title: "player" },
    { title: "Elo", align: "right" },
    { title: `± ${percent}`, align: "right" },
    { title: "games", align: "right" },
    { title: "points", align: "right" },
    { title: "W", align: "right" },
    { title: "D", align: "right" },
    { title: "L", align: "right" },
    { title: "as X", align: "right" },
    { title: "as O", align: "right" },
  ] as const;
  const rows = ratings.ratings.map((rating, at) => ratingRow(rating, players[at], at + 1));
  const seat = ratings.seatAdvantage;
  const said = [
    ...(seat === null
      ? []
      : [`the seat of X is worth ${rounded(seat.elo)} Elo (± ${rounded(1.96 * seat.standardError, false)})`]),
    ...(ratings.separable
      ? [
          `a player won or lost every game, so each player was given ${count(ratings.prior, "drawn game")} against the average`,
        ]
      : []),
  ];
  return [...formatTable(columns, rows), ...said];
}

function ratingRow(rating: Rating, tally: PlayerTally | undefined, place: number): string[] {
  const { player, elo, high, games, points } = rating;
  return [
    String(place),
    clip(player, nameMost),
    rounded(elo),
    rounded(high - elo, false),
    String(games),
    points.toFixed(1),
    String(tally?.wins ?? 0),
    String(tally?.draws ?? 0),
    String(tally?.losses ?? 0),
    meanText(tally?.meanAsX ?? null),
    meanText(tally?.meanAsO ?? null),
  ];
}

function payoffLines({ players, payoffs }: LeagueTable): string[] {
  const columns = [
    { title: "" },
    ...players.map((_, at) => ({ title: String(at + 1), align: "right" as const })),
  ];
  return formatTable(
    columns,
    players.map(({ player }, at) => [
      `${at + 1} ${clip(player, nameMost)}`,
      ...(payoffs[at] ?? []).map((payoff) => (payoff === null ? "·" : meanText(payoff.meanReturn))),
    ]),
  );
}

/** Where all games of two players are the same game, the ratings count one. */
function alikeLines({ payoffs }: LeagueTable): string[] {
  const alike = payoffs
    .flat()
    .filter((payoff): payoff is Payoff => payoff !== null && payoff.games > 1 && payoff.distinct === 1);
  if (alike.length === 0) return [];
  const shown = alike.slice(0, 6).map(({ x, o }) => `${clip(x, nameMost)}-${clip(o, nameMost)}`);
  const more = alike.length > shown.length ? ` and ${alike.length - shown.length} more` : "";
  return [`always the same game, counted once: ${shown.join(", ")}${more}`];
}

function faultLines(players: readonly PlayerTally[], paint: Painter): string[] {
  const guilty = players.filter(({ faults }) => Object.keys(faults).length > 0);
  if (guilty.length === 0) return [];
  return [
    "",
    paint("warn", "forfeits, counted as losses"),
    ...formatTable(
      [{ title: "player" }, { title: "faults" }],
      guilty.map(({ player, faults }) => [
        clip(player, nameMost),
        Object.entries(faults)
          .map(([fault, times]) => `${fault} ${times}`)
          .join(", "),
      ]),
    ),
  ];
}

function rounded(value: number, sign = true): string {
  const whole = Math.round(value);
  return `${sign && whole > 0 ? "+" : ""}${whole === 0 ? 0 : whole}`;
}

function meanText(value: number | null): string {
  return value === null ? "-" : `${value > 0 ? "+" : ""}${value.toFixed(2)}`;
}

/** A league as a document: the plan, the table, and every pairing. */
export function leagueDocument({ plan, table, pairings }: LeagueResult): {
  readonly env: string;
  readonly games: number;
  readonly seed: number;
  readonly players: LeaguePlan["players"];
  readonly options: LeaguePlan["options"];
  readonly table: LeagueTable;
  readonly pairings: readonly Pairing[];
} {
  const { game, games, seed, players, options } = plan;
  return { env: game, games, seed, players, options, table, pairings };
}
