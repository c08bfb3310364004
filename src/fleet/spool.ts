import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

import { homeFolder } from "../base/home.ts";
import { makeFolders } from "../base/make-folders.ts";
import { makeBuildFolder, sweepBuildFolders } from "../image/build-folder.ts";
import { storeError } from "../store/store-error.ts";
import type { PackBytes } from "./pack.ts";

/** How much of a file is in memory while it is read through. */
const pieceBytes = 2 ** 20;

/** A folder for files on their way to or from a store. */
export class Spool implements Disposable {
  readonly folder: string;

  /** Makes one, and removes those of processes that are gone. @throws `io_failed`, `disk_full` */
  constructor() {
    const all = join(homeFolder(), "spool");
    try {
      makeFolders(all);
      this.folder = makeBuildFolder(all);
      sweepBuildFolders(all, this.folder);
    } catch (error) {
      throw storeError(error, "Making", all);
    }
  }

  /** A file in it. */
  path(name: string): string {
    return join(this.folder, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A file of the spool that is written at its end and read anywhere. */
export class SpoolFile implements PackBytes, Disposable {
  readonly path: string;
  readonly #fd: number;
  readonly #hash = createHash("sha256");
  #size = 0;

  /** @throws `io_failed`, `disk_full` */
  constructor(path: string, mode: "new" | "there") {
    this.path = path;
    this.#fd = this.#try("Opening", () => openSync(path, mode === "new" ? "wx+" : "r"));
    if (mode === "there") this.#size = fstatSync(this.#fd).size;
  }

  get size(): number {
    return this.#size;
  }

  /** Adds bytes. @returns where they begin */
  append(bytes: Uint8Array): number {
    const at = this.#size;
    this.#try("Writing", () => {
      for (let done = 0; done < bytes.length;)
        done += writeSync(this.#fd, bytes, done, bytes.length - done, at + done);
    });
    this.#hash.update(bytes);
    this.#size += bytes.length;
    return at;
  }

  /** SHA-256 of all that was added, 64 hex digits. */
  digestOfAppended(): string {
    return this.#hash.copy().digest("hex");
  }

  /** SHA-256 of what is in it. */
  digest(): string {
    const hash = createHash("sha256");
    for (let at = 0; at < this.#size; at += pieceBytes)
      hash.update(this.read(at, Math.min(pieceBytes, this.#size - at)));
    return hash.digest("hex");
  }

  read(at: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    return this.#try("Reading", () => {
      for (let done = 0; done < length;) {
        const more = readSync(this.#fd, bytes, done, length - done, at + done);
        if (more === 0) throw new Error("it became shorter");
        done += more;
      }
      return bytes;
    });
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }

  #try<T>(doing: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw storeError(error, doing, this.path);
    }
  }
}
