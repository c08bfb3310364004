import { type NamesOf, refuseUnknownOptions } from "../base/known-options.ts";
import type { RolloutSnapshot } from "../model/snapshot.ts";
import { snapshotOfState } from "../rollout/snapshot-of-state.ts";
import { resolveImage } from "../image/image-store.ts";
import { RunReader } from "../store/run-reader.ts";
import { type ParentChoice, recordedParent } from "./recorded-parent.ts";

/**
 * The state after a step of a recorded rollout, as a small JSON value that `openRollout({ snapshot })` opens anywhere.
 *
 * @param dir the run folder
 * @throws `run_missing`, `run_damaged`, `image_missing`, `bad_argument` where the rollout is over by then
 */
export async function snapshotOf(dir: string, choice: ParentChoice): Promise<RolloutSnapshot> {
  const names: NamesOf<ParentChoice> = { seed: true, branch: true, step: true };
  refuseUnknownOptions(choice, names, "snapshotOf");
  using reader = await RunReader.open(dir);
  const { manifest, past, summary } = recordedParent(reader, choice);
  const { image, world, spec } = manifest;
  const state = { parts: past.parts, chain: past.parent, content: past.content };
  return snapshotOfState(state, {
    options: { template: spec, limits: summary.receipt.limits, world, image: image.name },
    host: { image: resolveImage(image.manifest.digest) },
    seed: summary.seed,
  });
}
