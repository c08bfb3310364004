import type { BadBytesCode } from "../model/cbor/reader.ts";
import { type BranchOrigin, branchOriginSchema } from "../model/branch.ts";
import { failRecord } from "./records.ts";

/** How the manifest of a branch begins: in its JCS form no key comes before `branch`. */
const branchHead: Buffer = Buffer.from('{"branch":', "latin1");

/**
 * Where a branch starts, by its manifest; undefined for every other rollout.
 *
 * @throws {@link SameseedError} `code` where the manifest names a branch in another form
 */
export function originOf(manifest: Uint8Array, code: BadBytesCode): BranchOrigin | undefined {
  if (!branchHead.equals(manifest.subarray(0, branchHead.length))) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(manifest).toString());
  } catch {
    return failRecord(code, "the manifest of a branch is not JSON");
  }
  const origin = branchOriginSchema.safeParse((value as { readonly branch?: unknown }).branch);
  return origin.success ? origin.data : failRecord(code, "a branch does not say where it starts");
}
