import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

import { timeName } from "../../base/clock.ts";
import type { RecordedRollout, RolloutSpec, Seat } from "../../model/rollout.ts";
import { openHost } from "../../rollout/rollout-host.ts";
import { openWriter } from "../../store/record-run.ts";
import { parseTrajectoryBlob } from "../../trajectory/trajectory-blob.ts";
import { resolveGame, type GameSpec } from "../game-spec.ts";

/**
 * Records a finished game as an ordinary run folder with one rollout.
 *
 * @example
 * const { end } = game.view;
 * if (end?.result?.rollout) await saveGame(game.spec, end.result.rollout, "runs/my-game");
 *
 * @param spec the game with the person's moves as a list
 * @param dir the folder; a new one below `runs/` where it is undefined
 * @returns the folder's path
 * @throws `run_exists`, `bad_argument` where the folder holds other things, `disk_full`, `io_failed`
 *
 * @experimental
 */
export async function saveGame(spec: GameSpec, game: RecordedRollout, dir?: string): Promise<string> {
  const folder = resolve(dir ?? join("runs", newName(spec.game)));
  const existed = existsSync(folder);
  const { template, ...rest } = resolveGame(spec);
  const seats = seatsAsPlayed(template.seats, game);
  const resolved = { ...rest, template: { ...template, seats } };
  const writer = await openWriter(
    folder,
    { options: resolved, host: await openHost(resolved), seeds: [game.summary.seed] },
    { resume: false },
  );
  try {
    await writer.append(game);
  } finally {
    await writer.closeOrDiscard(existed);
  }
  return folder;
}

/** Whoever answered for a seat is no part of the recording, which says only that somebody did. */
function seatsAsPlayed(seats: readonly Seat[], { trajectory }: RecordedRollout): readonly Seat[] {
  const manifest = JSON.parse(Buffer.from(parseTrajectoryBlob(trajectory).manifest).toString()) as {
    readonly spec: Pick<RolloutSpec, "seats">;
  };
  const called = manifest.spec.seats.filter(({ policy }) => policy.kind === "caller").map(({ seat }) => seat);
  return seats.map((own) => (called.includes(own.seat) ? { ...own, policy: { kind: "caller" } } : own));
}

function newName(game: string): string {
  return `play-${game.replaceAll(/[^A-Za-z0-9._-]+/g, "-")}-${timeName()}-${randomBytes(2).toString("hex")}`;
}
