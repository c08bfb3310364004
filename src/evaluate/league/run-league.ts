import { sha256Of } from "../../base/digest.ts";
import { SameseedError } from "../../base/error.ts";
import { type NamesOf, refuseUnknownOptions } from "../../base/known-options.ts";
import { resolveImage } from "../../image/image-store.ts";
import { type GameRules, gameRuleNames, gameRulesOf } from "../../games/game-rules.ts";
import { type GameSpec, resolveGame } from "../../games/game-spec.ts";
import { checkSeed } from "../../model/seed.ts";
import { planMatchup } from "../matchup/matchup-config.ts";
import { openKeeper } from "../matchup/matchup-keeper.ts";
import { playMatchup } from "../matchup/play-matchup.ts";
import { keysOf } from "../matchup/unit-keys.ts";
import { LeagueFile, type LeaguePlan, pairingFolder } from "./league-file.ts";
import { type LeaguePlayer, type LeaguePlayerInput, resolvePlayers } from "./league-players.ts";
import { type LeagueTable, tabulate } from "./league-report.ts";
import { countPairing, type LeagueGame, type Pairing, toLeagueGame } from "./pairing.ts";

/** The players of a league, the number of games, and where it is recorded. */
export interface LeagueConfig extends GameRules {
  readonly players: readonly LeaguePlayerInput[];
  /** @default "tictactoe" */
  readonly game?: string;
  /** Games in each pairing, half of them in each order of seats; even. @default 20 */
  readonly games?: number;
  /** @default 0 */
  readonly seed?: number;
  /** A folder that records every game as it ends, and every pairing when it is complete. */
  readonly dir?: string;
  /** Continue the league in `dir`. @default false */
  readonly resume?: boolean;
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
  /** Called when everything is read and checked, before the first game. */
  readonly onStart?: (start: LeagueStart) => void;
  /** Called when a pairing is done and kept. */
  readonly onPairing?: (pairing: Pairing) => void;
}

const leagueNames: NamesOf<LeagueConfig> = {
  ...gameRuleNames,
  players: true,
  game: true,
  games: true,
  seed: true,
  dir: true,
  resume: true,
  concurrency: true,
  signal: true,
  onStart: true,
  onPairing: true,
};

/** What a league is about to do. */
export interface LeagueStart {
  readonly players: readonly string[];
  readonly pairings: number;
  /** Pairings that were done before. */
  readonly before: number;
}

/** The result of a league. */
export interface LeagueResult {
  readonly plan: LeaguePlan;
  readonly table: LeagueTable;
  readonly pairings: readonly Pairing[];
}

/**
 * Plays a round robin: every two players play pairs of games with swapped seats. With `dir`, every game is recorded as
 * a rollout, and an interrupted or killed league can be resumed to the same table.
 *
 * @example
 * const { table } = await runLeague({ players: ["random", "greedy", "bots/"], games: 40 });
 * console.log(table.ratings?.ratings.map(({ player, elo }) => `${player} ${elo.toFixed(0)}`));
 *
 * @throws SameseedError `bad_argument`, `bad_policy`, `run_exists`, `run_differs`, `run_locked`, `run_damaged`, `aborted`, and
 * the errors of a host failure
 *
 * @experimental
 */
export async function runLeague(config: LeagueConfig): Promise<LeagueResult> {
  refuseUnknownOptions(config, leagueNames, "runLeague");
  const { dir, resume = false } = config;
  const { players, image } = checkLeague(config);
  const plan = planLeague(config, players, resolveImage(image).manifest.digest);
  if (resume && dir === undefined)
    throw new SameseedError("bad_argument", "resume needs the league's folder", {
      hint: "name its folder",
    });
  const file = dir === undefined ? undefined : LeagueFile.open(dir, plan, resume);
  try {
    const pairings: Pairing[] = [...(file?.pairings ?? [])];
    const all = everyTwo(players);
    config.onStart?.({
      players: players.map(({ name }) => name),
      pairings: all.length,
      before: pairings.length,
    });
    for (const [number, two] of all.entries()) {
      if (pairings.some(({ legs: [leg] }) => leg.x === two[0].name && leg.o === two[1].name)) continue;
      const pairing = await playTwo(config, plan, two, number);
      pairings.push(pairing);
      file?.add(pairing);
      config.onPairing?.(pairing);
    }
    return {
      plan,
      table: tabulate(
        players.map(({ name }) => name),
        pairings,
      ),
      pairings,
    };
  } finally {
    file?.close();
  }
}

/**
 * Reads and checks what a league is asked for, without an image and before anything runs.
 * @throws SameseedError `bad_argument`, `bad_policy`, `unknown_environment`
 */
export function checkLeague(config: LeagueConfig): {
  readonly players: readonly LeaguePlayer[];
  /** The name of the image that its games are played in. */
  readonly image: string;
} {
  const { games = 20, seed = 0 } = config;
  if (!Number.isSafeInteger(games) || games < 2 || games % 2 !== 0)
    throw new SameseedError("bad_argument", `games must be an even number of at least 2, not ${games}`, {
      hint: "in each pairing both players have the first seat equally often",
    });
  checkSeed(seed);
  const players = resolvePlayers(config.players);
  const resolved = players.map(({ policy }) => resolveGame({ ...gameOf(config), seats: [policy, policy] }));
  return { players, image: resolved[0]!.image };
}

function planLeague(config: LeagueConfig, players: readonly LeaguePlayer[], image: string): LeaguePlan {
  const { games = 20, mode = "keep", world = "sealed", limits, clocks, maxSteps, envArgs } = config;
  const chosen = { mode, world, limits, clocks, maxSteps, envArgs, image };
  return {
    game: gameOf(config).game,
    players: players.map(({ name, digest }) => ({ name, digest })),
    games,
    seed: checkSeed(config.seed ?? 0),
    options: Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined)),
  };
}

/** Everything of a game but who sits where. */
function gameOf(config: LeagueConfig): Omit<GameSpec, "seats"> {
  return { game: config.game ?? "tictactoe", ...gameRulesOf(config) };
}

function everyTwo(players: readonly LeaguePlayer[]): (readonly [LeaguePlayer, LeaguePlayer])[] {
  return players.flatMap((a, at) => players.slice(at + 1).map((b) => [a, b] as const));
}

/** Plays the games of two players that are not recorded yet, and counts all of them. */
async function playTwo(
  config: LeagueConfig,
  plan: LeaguePlan,
  [a, b]: readonly [LeaguePlayer, LeaguePlayer],
  number: number,
): Promise<Pairing> {
  const { dir, concurrency, signal } = config;
  const { game: env, ...rules } = gameOf(config);
  const matchup = planMatchup(
    { ...rules, env, policyX: a.policy, policyO: b.policy, nGames: plan.games, swap: true },
    [pairingSeed(plan.seed, a, b)],
  );
  const place = dir === undefined ? {} : { dir: pairingFolder(dir, folderOf(number, a, b)), resume: true };
  const keeper = await openKeeper(matchup, place);
  const legs: [LeagueGame[], LeagueGame[]] = [[], []];
  try {
    const options = {
      ...(keeper === undefined ? {} : { keeper }),
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(signal === undefined ? {} : { signal }),
    };
    for await (const { result, game } of playMatchup(matchup, keysOf(matchup), options))
      legs[game.swapped ? 1 : 0].push(toLeagueGame(result));
  } finally {
    await keeper?.[Symbol.asyncDispose]();
  }
  return countPairing([a.name, b.name], ...legs);
}

/** Who else plays in a league decides nothing of what is drawn in the games of two. */
function pairingSeed(seed: number, a: LeaguePlayer, b: LeaguePlayer): number {
  const digest = sha256Of(["sameseed/pairing/1\0", JSON.stringify([seed, a.name, b.name])]);
  return Number(digest.readBigUInt64BE() >> 11n);
}

function folderOf(number: number, a: LeaguePlayer, b: LeaguePlayer): string {
  const plain = ({ name }: LeaguePlayer): string => name.replaceAll(/[^A-Za-z0-9_-]+/g, "-").slice(-40);
  return `${String(number + 1).padStart(4, "0")}-${plain(a)}-v-${plain(b)}`;
}
