import { randomBytes } from "node:crypto";
import { copyFile, link, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

import { systemErrorCode } from "../../base/error.ts";
import { storeError } from "../store-error.ts";
import { checkKey, checkPrefix, type ObjectStore } from "./object-store.ts";

/** Whether the content of a file is on the disk before it gets its name, and what it may replace. */
type Placing = "replace" | "if-absent";

/** Objects as files below a folder, which every host sees at its own path, or which one host has alone. */
export class FolderObjects implements ObjectStore {
  readonly url: string;
  readonly #root: string;

  /** @param root an absolute path; made where it is missing */
  constructor(root: string) {
    this.#root = root;
    this.url = `folder:${root}`;
  }

  async get(key: string): Promise<Buffer | undefined> {
    return await this.#unlessMissing("Reading", key, async (path) => await readFile(path));
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    await this.#write(key, "replace", async (path) => await writeNew(path, bytes));
  }

  async putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    return await this.#write(key, "if-absent", async (path) => await writeNew(path, bytes));
  }

  async delete(key: string): Promise<void> {
    await this.#unlessMissing("Removing", key, async (path) => await rm(path));
  }

  async *list(prefix: string): AsyncIterable<string> {
    const top = join(this.#root, checkPrefix(prefix));
    let entries;
    try {
      entries = await readdir(top, { withFileTypes: true, recursive: true });
    } catch (error) {
      if (systemErrorCode(error) === "ENOENT") return;
      throw storeError(error, "Listing", top);
    }
    for (const entry of entries) {
      if (!entry.isFile()) continue;
      const key = join(entry.parentPath, entry.name).slice(this.#root.length + 1);
      if (!key.startsWith(`${partsFolder}/`)) yield key;
    }
  }

  async has(key: string): Promise<boolean> {
    return (await this.sizeOf(key)) !== undefined;
  }

  async sizeOf(key: string): Promise<number | undefined> {
    const found = await this.#unlessMissing("Reading", key, async (path) => await stat(path));
    return found?.isFile() === true ? found.size : undefined;
  }

  async putFile(key: string, path: string): Promise<void> {
    await this.#write(key, "replace", async (temporary) => {
      await copyFile(path, temporary);
      const file = await open(temporary, "r");
      await file.sync().finally(async () => await file.close());
    });
  }

  async getFile(key: string, path: string): Promise<boolean> {
    if (!(await this.has(key))) return false;
    try {
      await copyFile(this.#path(key), path);
    } catch (error) {
      throw storeError(error, "Writing", path);
    }
    return true;
  }

  /** What was begun more than an hour ago, by the clock of whoever has the folder, and did not become an object. */
  async sweep(): Promise<void> {
    const folder = join(this.#root, partsFolder);
    const now = join(folder, randomBytes(6).toString("hex"));
    try {
      await mkdir(folder, { recursive: true });
      await writeNew(now, new Uint8Array());
      const { mtimeMs } = await stat(now);
      for (const name of await readdir(folder)) {
        const path = join(folder, name);
        const own = await stat(path).catch(() => undefined);
        if (own !== undefined && own.mtimeMs < mtimeMs - abandonedMs)
          await rm(path, { force: true }).catch(leave);
      }
    } catch (error) {
      throw storeError(error, "Sweeping", folder);
    } finally {
      await rm(now, { force: true });
    }
  }

  close(): void {}

  async #unlessMissing<T>(
    doing: string,
    key: string,
    work: (path: string) => Promise<T>,
  ): Promise<T | undefined> {
    const path = this.#path(key);
    try {
      return await work(path);
    } catch (error) {
      if (systemErrorCode(error) === "ENOENT") return undefined;
      throw storeError(error, doing, path);
    }
  }

  /** Under a name of its own first, so that whoever reads sees all of it or nothing. */
  async #write(key: string, placing: Placing, fill: (path: string) => Promise<void>): Promise<boolean> {
    const path = this.#path(key);
    const temporary = join(this.#root, partsFolder, randomBytes(6).toString("hex"));
    try {
      await mkdir(dirname(path), { recursive: true });
      await mkdir(dirname(temporary), { recursive: true });
      await fill(temporary);
      if (placing === "replace") await rename(temporary, path);
      else if (!(await linked(temporary, path))) return false;
      await syncFolder(dirname(path));
      return true;
    } catch (error) {
      throw storeError(error, "Writing", path);
    } finally {
      await rm(temporary, { force: true });
    }
  }

  #path(key: string): string {
    return join(this.#root, checkKey(key));
  }
}

/** Where files are until they are whole: no key begins with a dot, so no object is there. */
const partsFolder = ".parts";
/** How long a file may be untouched before its writer is taken for dead. */
const abandonedMs = 3_600_000;

async function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "wx");
  try {
    await file.writeFile(bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** Another user's file stays for that user. */
function leave(): void {}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === "EEXIST") return false;
    throw error;
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  await folder.sync().finally(async () => await folder.close());
}
