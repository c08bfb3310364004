/*
 * What a game's environment draws of the position that is being played. The game's own sandboxes draw nothing, as those of
 * every rollout: the moves so far are played again in a sandbox of their own, which is asked for a picture behind the last.
 */
import { isSameseedError } from "../../base/error.ts";
import { digestBytes } from "../../trajectory/chain.ts";
import { chainOf } from "../../trajectory/trajectory-chain.ts";
import { encodedList, recordedActionList } from "../../harness/recorded-actions.ts";
import { executeRollout } from "../../rollout/execute-rollout.ts";
import { planRollout } from "../../rollout/plan-rollout.ts";
import { openHost } from "../../rollout/rollout-host.ts";
import type { RecordedSoFar } from "../../rollout/recorded-so-far.ts";
import { lastStep, modesOf, withRoom } from "../../verify/pictures/render-rollout.ts";
import { PictureTaker } from "../../verify/pictures/take-pictures.ts";
import { resolveGame, type GameSpec } from "../game-spec.ts";

/** What is played so far. */
export type Played = Pick<RecordedSoFar, "manifest" | "actions" | "content">;

/** A position as its environment draws it. */
export interface PositionPicture {
  readonly kind: "png" | "text";
  /** In pixels; 0 for a text. */
  readonly width: number;
  readonly height: number;
  readonly body: Uint8Array;
}

/** What is played of a game that is over. */
export function playedOf(trajectory: Uint8Array): Played {
  const chain = chainOf(trajectory);
  const steps = lastStep(chain);
  const { blob, contentLinks } = chain;
  return {
    manifest: blob.manifest,
    actions: recordedActionList(blob).slice(0, steps),
    content: linkAt(contentLinks, steps),
  };
}

/**
 * Draws a position; undefined where the environment draws none in this image, or gives other records when it is played again.
 * @param game the game, and its seed as the rollout has it
 * @throws `image_missing`, `wall_unavailable`, `aborted`…
 */
export async function renderPosition(
  { spec, seed }: { readonly spec: GameSpec; readonly seed: number },
  { manifest, actions, content }: Played,
  signal?: AbortSignal,
): Promise<PositionPicture | undefined> {
  const { template, limits, ...rest } = resolveGame(spec);
  const { backend, receipt } = await openHost(rest);
  const k = actions.length;
  const pictures = { first: k, last: k, every: 1 };
  const replay = { actions: encodedList(actions), manifest };
  const room = withRoom(limits);
  for (const mode of modesOf(template.environment.kind, template.envArgs)) {
    const envArgs = mode === null ? template.envArgs : { ...template.envArgs, render_mode: mode };
    const plan = planRollout({ ...template, envArgs, seed }, room, receipt, { replay, pictures });
    const taker = new PictureTaker(pictures);
    const { trajectory } = await executeRollout(backend, receipt, plan, room, signal, (payload) =>
      taker.take(payload),
    );
    const [body] = taker.bodies;
    if (body === undefined || taker.kind === undefined) continue;
    if (!isPlayed(trajectory, k, content)) continue;
    return { kind: taker.kind, width: taker.width, height: taker.height, body };
  }
  return undefined;
}

/** A link of a chain, as digests are written. */
function linkAt(links: Uint8Array, k: number): string {
  return `sha256:${Buffer.from(links.subarray(k * digestBytes, (k + 1) * digestBytes)).toString("hex")}`;
}

/** Whether the records up to step `k` are those of the game. */
function isPlayed(trajectory: Uint8Array, k: number, content: string): boolean {
  try {
    const { records, contentLinks } = chainOf(trajectory);
    return k < records.length && linkAt(contentLinks, k) === content;
  } catch (error) {
    if (isSameseedError(error)) return false;
    throw error;
  }
}
