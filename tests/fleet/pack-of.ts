import { type PackBytes, packFrame, packHead, packInMemory, packKey } from "../../src/fleet/pack.ts";
import { leafOf, merkleRoot } from "../../src/fleet/merkle.ts";
import type { RecordedRollout } from "../../src/model/rollout.ts";

/** Rollouts as a pack, and what a record says of it. */
export function packOf(
  spec: string,
  rollouts: readonly RecordedRollout[],
): {
  readonly bytes: Buffer;
  readonly content: PackBytes;
  readonly root: string;
  readonly pack: { readonly key: string; readonly digest: string; readonly bytes: number };
} {
  const bytes = Buffer.concat([packHead(rollouts.length), ...rollouts.map(packFrame)]);
  const content = packInMemory(bytes);
  const { digest } = content;
  const root = merkleRoot(rollouts.map(({ summary }) => leafOf(spec, summary)));
  return { bytes, content, root, pack: { key: packKey(spec, digest), digest, bytes: bytes.length } };
}
