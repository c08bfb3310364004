import { existsSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";

import { writeFileAtomic } from "../../base/atomic-file.ts";
import { SameseedError } from "../../base/error.ts";
import { seedSchema } from "../../model/seed.ts";
import { makeFolders } from "../../base/make-folders.ts";
import { readDocument } from "../../store/read-document.ts";
import { namesIn, privateMode } from "../../store/run-folder.ts";
import { acquireRunLock, type RunLock } from "../../store/run-lock.ts";
import { storeError } from "../../store/store-error.ts";
import { isMatchupFolder } from "../matchup/matchup-file.ts";
import { type Pairing, pairingSchema } from "./pairing.ts";

/*
 * A league's folder contains `league.json`, with the settings and every finished pairing, and in `games` a recorded
 * matchup for each pairing. The file is replaced as a whole after each pairing. So whenever the process dies, it has
 * all finished pairings, and `--resume` plays the others. A league can be resumed only with the same settings.
 */

/** What decides a league's results. */
export interface LeaguePlan {
  readonly game: string;
  readonly players: readonly { readonly name: string; readonly digest: string | null }[];
  /** Games in each pairing. */
  readonly games: number;
  readonly seed: number;
  /** What of the game's options was chosen, and the image's digest: anything else than what is equal is another league. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** The file's name in a league's folder. */
export const leagueFileName = "league.json";

const gamesFolder = "games";

interface LeagueDocument {
  readonly format: 1;
  readonly plan: LeaguePlan;
  readonly pairings: readonly Pairing[];
}

const documentSchema: z.ZodType<LeagueDocument> = z.strictObject({
  format: z.literal(1),
  plan: z.strictObject({
    game: z.string(),
    players: z.array(z.strictObject({ name: z.string(), digest: z.string().nullable() })),
    games: z.int().min(1),
    seed: seedSchema,
    options: z.record(z.string(), z.unknown()),
  }),
  pairings: z.array(pairingSchema),
});

/** A league's folder while it is played: locked, and its file replaced after each pairing. */
export class LeagueFile {
  readonly path: string;
  readonly #lock: RunLock;
  readonly #plan: LeaguePlan;
  readonly #pairings: Pairing[];

  private constructor(path: string, lock: RunLock, plan: LeaguePlan, pairings: readonly Pairing[]) {
    this.path = path;
    this.#lock = lock;
    this.#plan = plan;
    this.#pairings = [...pairings];
  }

  /**
   * Makes the folder, or goes on in it.
   * @throws SameseedError `run_exists` where a league is there and `resume` is false, `run_differs` where it is another one,
   * `run_locked` while another process plays it, `run_damaged`, `io_failed`, `disk_full`
   */
  static open(folder: string, plan: LeaguePlan, resume: boolean): LeagueFile {
    const path = join(folder, leagueFileName);
    try {
      makeFolders(folder, privateMode);
    } catch (error) {
      throw storeError(error, "making", folder);
    }
    const lock = acquireRunLock(join(folder, "lock"));
    try {
      const before = existsSync(path) ? readLeague(folder) : undefined;
      if (before !== undefined) {
        checkResume(folder, before.plan, plan, resume);
        return new LeagueFile(path, lock, plan, before.pairings);
      }
      const file = new LeagueFile(path, lock, plan, []);
      file.#save();
      return file;
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** The pairings that are done. */
  get pairings(): readonly Pairing[] {
    return this.#pairings;
  }

  /** Keeps a pairing: it is on the disk when this returns. @throws SameseedError `io_failed`, `disk_full` */
  add(pairing: Pairing): void {
    this.#pairings.push(pairing);
    this.#save();
  }

  /** Gives the folder back. */
  close(): void {
    this.#lock.release();
  }

  #save(): void {
    const document: LeagueDocument = { format: 1, plan: this.#plan, pairings: this.#pairings };
    try {
      writeFileAtomic(this.path, `${JSON.stringify(document)}\n`);
    } catch (error) {
      throw storeError(error, "writing", this.path);
    }
  }
}

/** Whether a folder holds a league. */
export function isLeagueFolder(folder: string): boolean {
  return existsSync(join(folder, leagueFileName));
}

/** Where the games of a pairing are recorded, below a league's folder. */
export function pairingFolder(folder: string, name: string): string {
  return join(folder, gamesFolder, name);
}

/** The recorded matchups of a league, in the order they were played. */
export function recordedPairings(folder: string): readonly string[] {
  return [...namesIn(join(folder, gamesFolder))]
    .sort((a, b) => (a < b ? -1 : 1))
    .map((name) => pairingFolder(folder, name))
    .filter(isMatchupFolder);
}

/**
 * Reads a league's file.
 * @throws SameseedError `run_missing`, `run_damaged`, `io_failed`
 */
export function readLeague(folder: string): Pick<LeagueDocument, "plan" | "pairings"> {
  return readDocument(join(folder, leagueFileName), documentSchema, {
    message: `${folder} holds no league`,
    hint: "name a folder that `sameseed league --out` has written",
  });
}

function checkResume(folder: string, before: LeaguePlan, now: LeaguePlan, resume: boolean): void {
  if (!resume)
    throw new SameseedError("run_exists", `${folder} already holds a league`, {
      hint: "continue it with --resume, or choose another folder with --out",
      context: { dir: folder },
    });
  const differing = (["game", "players", "games", "seed", "options"] as const).filter(
    (part) => stable(withWorld(before)[part]) !== stable(withWorld(now)[part]),
  );
  if (differing.length > 0)
    throw new SameseedError("run_differs", `${folder} holds another league: ${differing.join(", ")} differ`, {
      hint: "use the original arguments and files, or choose another folder",
      context: { dir: folder, differing },
    });
}

/** Leagues from before the world was recorded were played in the sealed one. */
function withWorld(plan: LeaguePlan): LeaguePlan {
  return { ...plan, options: { world: "sealed", ...plan.options } };
}

/** JSON with sorted keys, so that order does not count. */
function stable(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
