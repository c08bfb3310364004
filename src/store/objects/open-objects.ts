import { resolve } from "node:path";

import { SameseedError } from "../../base/error.ts";
import { FolderObjects } from "./folder-objects.ts";
import type { ObjectStore } from "./object-store.ts";

/**
 * Opens a store of objects.
 * @param url `folder:PATH` or a path
 * @throws `bad_argument`, `io_failed`
 */
export async function openObjects(url: string): Promise<ObjectStore> {
  const path = /^folder:(.+)$/.exec(url)?.[1] ?? url;
  if (path === "" || /^[a-z][a-z0-9+]*:/.test(path))
    throw new SameseedError("bad_argument", `${JSON.stringify(url)} names no store`, {
      hint: "name a folder that every host sees (folder:/srv/rollouts)",
    });
  return new FolderObjects(resolve(path));
}
