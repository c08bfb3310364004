import { rmSync } from "node:fs";
import { join, resolve } from "node:path";

import { SameseedError } from "../../base/error.ts";
import { makeFolders } from "../../base/make-folders.ts";
import { removeIfEmpty } from "../../store/discard-empty-run.ts";
import { openWriter } from "../../store/record-run.ts";
import { isRunFolder, privateMode } from "../../store/run-folder.ts";
import { acquireRunLock, type RunLock } from "../../store/run-lock.ts";
import { RunReader } from "../../store/run-reader.ts";
import type { RunWriter } from "../../store/run-writer.ts";
import { storeError } from "../../store/store-error.ts";
import { scoreGame } from "../../games/game-result.ts";
import { gameSeed } from "../../model/seed.ts";
import type { ResolvedOptions } from "../../rollout/rollout-config.ts";
import { engineOf, type RolloutFleet } from "../../rollout/rollout-fleet.ts";
import { openHost } from "../../rollout/rollout-host.ts";
import { resolveGame } from "../../games/game-spec.ts";
import type { GameKey, GameResult } from "../../games/play-games.ts";
import { type MatchupPlan, specOf } from "./matchup-config.ts";
import { documentOf } from "./matchup-document.ts";
import {
  checkSameMatchup,
  isMatchupFolder,
  legFolder,
  matchupFileName,
  writeMatchup,
} from "./matchup-file.ts";
import type { GameKeeper } from "./play-matchup.ts";
import { keysOf } from "./unit-keys.ts";

/** Where games are recorded. */
export interface KeeperOptions {
  /** A folder for one run folder per order of seats. @default nothing is recorded */
  readonly dir?: string;
  /** Plays only games that the folder does not have yet. @default false */
  readonly resume?: boolean;
}

/** One order of seats: a run folder. */
interface Leg {
  readonly folder: string;
  readonly options: ResolvedOptions;
  /** How many games it has when it is complete. */
  readonly games: number;
  readonly writer: RunWriter;
  /** What was recorded before; undefined if nothing was. */
  readonly before: RunReader | undefined;
}

/** A folder that every game of a matchup is recorded in as soon as it is played. */
export class MatchupKeeper implements GameKeeper, AsyncDisposable {
  readonly #folder: string;
  readonly #lock: RunLock;
  readonly #legs: readonly Leg[];

  private constructor(folder: string, lock: RunLock, legs: readonly Leg[]) {
    this.#folder = folder;
    this.#lock = lock;
    this.#legs = legs;
  }

  /**
   * Makes the folder, or goes on in it.
   * @throws SameseedError `run_exists`, `run_differs`, `run_locked`, `run_damaged`, `io_failed`, `disk_full`
   */
  static async open(folder: string, plan: MatchupPlan, resume: boolean): Promise<MatchupKeeper> {
    const document = documentOf(plan);
    try {
      makeFolders(folder, privateMode);
    } catch (error) {
      throw storeError(error, "making", folder);
    }
    const lock = acquireRunLock(join(folder, "lock"));
    const legs: Leg[] = [];
    try {
      if (isMatchupFolder(folder)) checkSameMatchup(folder, document, resume);
      else if (isRunFolder(folder))
        throw new SameseedError("run_exists", `${folder} already holds a run`, {
          hint: "choose another folder",
          context: { dir: folder },
        });
      const seeds = keysOf(plan).map(({ seed, game }) => gameSeed(seed, game));
      for (const swapped of plan.swap ? [false, true] : [false])
        legs.push(await openLeg(legFolder(folder, swapped), plan, swapped, seeds));
      writeMatchup(folder, document);
      return new MatchupKeeper(folder, lock, legs);
    } catch (error) {
      for (const leg of legs) await closeLeg(leg, true);
      lock.release();
      removeIfEmpty(folder);
      throw error;
    }
  }

  /** A game that was recorded before. */
  find(key: GameKey, swapped: boolean): GameResult | undefined {
    const before = this.#legs[swapped ? 1 : 0]?.before;
    const own = gameSeed(key.seed, key.game);
    if (before === undefined || !before.has(own)) return undefined;
    return scoreGame(key, { summary: before.row(own), trajectory: before.trajectory(own), seats: [] });
  }

  /** Records a game; resolves when it survives the end of this process. One that the host failed is left to be resumed. */
  async keep(result: GameResult, swapped: boolean): Promise<void> {
    if (result.rollout === undefined || result.score === null) return;
    await this.#legs[swapped ? 1 : 0]?.writer.append(result.rollout);
  }

  /** What the games of an order of seats are played with. */
  optionsOf(swapped: boolean): ResolvedOptions {
    return this.#legs[swapped ? 1 : 0]!.options;
  }

  /**
   * Has a fleet write beside each order of seats that is complete what it vouches for; nothing is recorded after it.
   * @throws `fleet_disagrees` where the fleet's store does not say the same
   */
  async certify(fleet: RolloutFleet, signal: AbortSignal | undefined): Promise<void> {
    for (const { writer, folder, options, games } of this.#legs) {
      if (writer.recorded.size < games) continue;
      await writer.close();
      await engineOf(fleet).certify({ dir: folder, options, signal });
    }
  }

  /** Games that are recorded. */
  get recorded(): number {
    return this.#legs.reduce((sum, { writer }) => sum + writer.recorded.size, 0);
  }

  /** Gives the folder back; where nothing was recorded, nothing is left of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      const isEmpty = this.recorded === 0;
      for (const leg of this.#legs) await closeLeg(leg, isEmpty);
      if (!isEmpty) return;
      rmSync(join(this.#folder, matchupFileName), { force: true });
    } finally {
      this.#lock.release();
      if (this.recorded === 0) removeIfEmpty(this.#folder);
    }
  }
}

/**
 * Opens the folder that games are recorded in; undefined where none is asked for.
 * @throws SameseedError as {@link MatchupKeeper.open}
 */
export async function openKeeper(
  plan: MatchupPlan,
  { dir, resume = false }: KeeperOptions,
): Promise<MatchupKeeper | undefined> {
  if (dir !== undefined) return await MatchupKeeper.open(resolve(dir), plan, resume);
  if (!resume) return undefined;
  throw new SameseedError("bad_argument", "resume needs the matchup's folder", {
    hint: "name its folder",
  });
}

async function openLeg(
  folder: string,
  plan: MatchupPlan,
  swapped: boolean,
  seeds: readonly number[],
): Promise<Leg> {
  const before = isRunFolder(folder) ? await RunReader.open(folder) : undefined;
  try {
    const options = resolveGame(specOf(plan, swapped));
    const run = { options, host: await openHost(options), seeds };
    const writer = await openWriter(folder, run, { resume: true });
    return { folder, options, games: seeds.length, writer, before };
  } catch (error) {
    before?.[Symbol.dispose]();
    throw error;
  }
}

/** @param discard take it away where it holds no game */
async function closeLeg({ writer, before }: Leg, discard: boolean): Promise<void> {
  before?.[Symbol.dispose]();
  if (discard) await writer.closeOrDiscard(false);
  else await writer.close();
}
