import { randomBytes } from "node:crypto";

import { SameseedError } from "../../base/error.ts";
import type { S3Objects } from "./s3-objects.ts";

/** What a store is opened for. What is only read is not written to in order to find out what its server can do. */
export type StoreUse = "read" | "write";

/**
 * Finds out before anything relies on it whether a server does what a store promises: it is there, the credentials do, what is
 * written can be read at once, in parts too, what is there is not written over where that was asked for, and what is removed is
 * gone.
 * @throws `io_failed`
 */
export async function probeS3(store: S3Objects, use: StoreUse): Promise<void> {
  if (use === "read") {
    // One page of a folder that nobody writes to: refused where the bucket or the right to it is missing.
    for await (const _ of store.list("probe/read/")) break;
    return;
  }
  const key = `probe/${randomBytes(12).toString("hex")}`;
  const [first, second] = [Buffer.from("first\n"), Buffer.from("the second\n")];
  try {
    demand(await store.putIfAbsent(key, first), "it says that an object is there which is not", store);
    demand((await store.get(key))?.equals(first), unread, store);
    demand(
      (await store.getRange(key, 1, 3)).equals(first.subarray(1, 4)),
      "it does not give parts of objects",
      store,
    );
    const isRefused = !(await store.putIfAbsent(key, second));
    demand(isRefused && (await store.get(key))?.equals(first), unconditional, store);
    await store.put(key, second);
    demand((await store.get(key))?.equals(second), unread, store);
    let isListed = false;
    for await (const own of store.list("probe/")) isListed ||= own === key;
    demand(isListed, "it does not list an object that was just written", store);
  } finally {
    await store.delete(key);
  }
  demand(!(await store.has(key)), "it still has an object that was removed", store);
}

const unread = "an object that was just written cannot be read, or has other bytes";
const unconditional =
  "it writes over an object although the request says that none may be there (`If-None-Match: *`)";

function demand(holds: boolean | undefined, what: string, { url }: S3Objects): void {
  if (holds === true) return;
  throw new SameseedError("io_failed", `the server of ${url} cannot be a store: ${what}`, {
    context: { store: url, missing: what },
    hint: "use a server that has conditional writes and is consistent, such as Amazon S3 or Ceph 16 and newer, or a folder",
  });
}
