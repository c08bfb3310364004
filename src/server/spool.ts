/*
 * Theory of operation. What is too large to wait in memory waits in files. Such a file loses its name at once: what is left of a
 * server that was killed is nothing, but for one that was killed between the two, whose file the next server removes.
 */
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";

import { SameseedError, systemErrorCode } from "../base/error.ts";

/** The most bytes of all files together where nothing else is said: 8 GiB. */
const spoolBytesMost = 8 * 1024 ** 3;
const readBytes = 1024 * 1024;
const suffix = ".spool";

/** Files without a name, of so many bytes together. */
export class Spool {
  readonly #folder: string;
  readonly #most: number;
  #bytes = 0;

  /** @param folder made where it is missing; other servers may use it too @param most bytes of all files together */
  constructor(folder: string, most: number = spoolBytesMost) {
    this.#folder = folder;
    this.#most = most;
  }

  /** How many bytes its files have. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Removes what servers left that were killed. A file that is in use needs no name.
   * @param onFailure told of what cannot be removed; no file needs that it is, and where none can be made {@link open} says so
   */
  sweep(onFailure: (error: unknown) => void = () => {}): void {
    const attempt = <T>(work: () => T): T | undefined => {
      try {
        return work();
      } catch (error) {
        onFailure(error);
        return undefined;
      }
    };
    const names = attempt(() => {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      return readdirSync(this.#folder);
    });
    for (const name of names ?? [])
      if (name.endsWith(suffix)) attempt(() => rmSync(join(this.#folder, name), { force: true }));
  }

  /** A new, empty file. @throws `io_failed`, `disk_full` */
  async open(): Promise<SpooledFile> {
    const path = join(this.#folder, `${randomBytes(16).toString("hex")}${suffix}`);
    const file = await open(path, "wx+", 0o600).catch((error: unknown) => {
      throw spoolError(error);
    });
    try {
      await rm(path, { force: true });
    } catch (error) {
      await file.close();
      throw spoolError(error);
    }
    return new SpooledFile(file, (bytes) => this.#take(bytes));
  }

  /** @throws `disk_full` */
  #take(bytes: number): void {
    if (this.#bytes + bytes > this.#most)
      throw new SameseedError("disk_full", "the server has no room for more copies of files", {
        hint: "delete snapshots that are not needed, or fork fewer at a time",
      });
    this.#bytes += bytes;
  }
}

/** One file: it is written once, then read by any number of readers, and is gone when it is closed and none of them reads. */
export class SpooledFile {
  readonly #file: FileHandle;
  readonly #take: (bytes: number) => void;
  #bytes = 0;
  #writing: Promise<unknown> = Promise.resolve();
  #failure: unknown;
  #readers = 0;
  #isClosed = false;

  /** Made by {@link Spool.open}. @param take counts bytes; throws where there is no room for them */
  constructor(file: FileHandle, take: (bytes: number) => void) {
    this.#file = file;
    this.#take = take;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Writes a part behind those before. What fails is told by {@link written}. */
  write(part: Uint8Array): void {
    if (this.#failure !== undefined) return;
    try {
      this.#take(part.length);
    } catch (error) {
      this.#failure = error;
      return;
    }
    const at = this.#bytes;
    this.#bytes += part.length;
    this.#writing = this.#writing
      .then(async () => {
        for (let done = 0; done < part.length;)
          done += (await this.#file.write(part, done, part.length - done, at + done)).bytesWritten;
      })
      .catch((error: unknown) => (this.#failure ??= spoolError(error)));
  }

  /** Waits until all parts are written. @throws `io_failed`, `disk_full` */
  async written(): Promise<void> {
    await this.#writing;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Its bytes from the first on, some at a time. @throws `io_failed` */
  async *read(): AsyncGenerator<Buffer, void, undefined> {
    if (this.#isClosed) throw new SameseedError("not_found", "the copy of files was deleted meanwhile");
    this.#readers++;
    try {
      for (let at = 0; at < this.#bytes;) {
        const most = Math.min(readBytes, this.#bytes - at);
        const { buffer, bytesRead } = await this.#file.read(Buffer.allocUnsafe(most), 0, most, at);
        if (bytesRead === 0) throw new SameseedError("io_failed", "a copy of files cannot be read");
        yield buffer.subarray(0, bytesRead);
        at += bytesRead;
      }
    } finally {
      this.#readers--;
      await this.#end();
    }
  }

  /** Forgets it, once nobody reads it. May be called repeatedly. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#writing;
    await this.#end();
  }

  async #end(): Promise<void> {
    if (!this.#isClosed || this.#readers > 0) return;
    this.#take(-this.#bytes);
    this.#bytes = 0;
    await this.#file.close();
  }
}

function spoolError(error: unknown): SameseedError {
  const code = systemErrorCode(error);
  const isFull = code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG";
  return new SameseedError(
    isFull ? "disk_full" : "io_failed",
    `a copy of files cannot be kept${code === undefined ? "" : ` (${code})`}`,
    { cause: error },
  );
}
