import { resolve } from "node:path";

import { SameseedError } from "../../base/error.ts";
import { FolderObjects } from "./folder-objects.ts";
import type { ObjectStore } from "./object-store.ts";
import type { StoreUse } from "./probe-s3.ts";
import { isS3Url, readS3Url, s3Credentials } from "./s3-place.ts";

/**
 * Opens a store of objects. One in S3 is tried first: what its server cannot do is said now.
 * @param url `folder:PATH`, a path, or `s3://BUCKET/PREFIX`
 * @throws `bad_argument`, `io_failed`
 */
export async function openObjects(url: string, use: StoreUse = "write"): Promise<ObjectStore> {
  if (isS3Url(url)) return await openS3(url, use);
  const path = /^folder:(.+)$/.exec(url)?.[1] ?? url;
  if (path === "" || /^[a-z][a-z0-9+]*:/.test(path))
    throw new SameseedError("bad_argument", `${JSON.stringify(url)} names no store`, {
      hint: "name a folder that every host sees (folder:/srv/rollouts), or s3://BUCKET/PREFIX",
    });
  return new FolderObjects(resolve(path));
}

/**
 * Does something with a store, and closes it.
 * @throws as {@link openObjects}, and as what is done
 */
export async function withObjects<T>(
  url: string,
  work: (store: ObjectStore) => Promise<T>,
  use: StoreUse = "write",
): Promise<T> {
  const store = await openObjects(url, use);
  try {
    return await work(store);
  } finally {
    store.close();
  }
}

async function openS3(url: string, use: StoreUse): Promise<ObjectStore> {
  const [place, credentials] = [readS3Url(url), s3Credentials()];
  // The client takes a while to load: only whoever has such a store waits for it.
  const [{ S3Objects }, { probeS3 }] = await Promise.all([
    import("./s3-objects.ts"),
    import("./probe-s3.ts"),
  ]);
  const store = new S3Objects(place, credentials);
  try {
    await probeS3(store, use);
  } catch (error) {
    store.close();
    throw error;
  }
  return store;
}
