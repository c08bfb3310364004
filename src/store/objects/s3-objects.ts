import { createHash, randomBytes } from "node:crypto";
import { open, rm, type FileHandle } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";

import { sha256 } from "../../base/digest.ts";
import { SameseedError } from "../../base/error.ts";
import { Semaphore } from "../../base/semaphore.ts";
import { checkKey, checkPrefix, type ObjectStore } from "./object-store.ts";
import { openS3Client, requestsAtOnce, type S3Settings } from "./s3-client.ts";
import { isConflict, isMissing, isUnmet, s3Error } from "./s3-error.ts";
import { digestOfPieces, piecesOf } from "./file-pieces.ts";
import type { S3Credentials, S3Place } from "./s3-place.ts";

/** The client asks again for an answer that does not come, but not for one that breaks off: that is done here. */
const readAttempts = 4;

/** What is known of an object before its bytes. */
interface ObjectHead {
  readonly bytes: number;
  readonly tag: string | undefined;
  readonly sha256: string | undefined;
  readonly writer: string | undefined;
}

/**
 * Objects at a server that speaks S3. Each has its SHA-256 beside it, as metadata, and what is read is compared with it: a server
 * or a way that changes bytes is found out.
 */
export class S3Objects implements ObjectStore {
  readonly url: string;
  readonly #client: S3Client;
  readonly #place: S3Place;
  readonly #pieceBytes: number;
  readonly #pageKeys: number;
  readonly #gate = new Semaphore(requestsAtOnce);

  constructor(place: S3Place, credentials: S3Credentials, settings: S3Settings = {}) {
    this.url = place.url;
    this.#place = place;
    this.#pieceBytes = settings.pieceBytes ?? 16 * 1024 * 1024;
    this.#pageKeys = settings.pageKeys ?? 1000;
    this.#client = openS3Client(place, credentials, settings);
  }

  async get(key: string): Promise<Buffer | undefined> {
    return await this.#orMissing("Reading", key, async () => (await this.#read(key)).bytes);
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    await this.#doing("Writing", key, async () => await this.#write(key, bytes, { sha256: hexOf(bytes) }));
  }

  async putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    // Says whose object it is: an answer may be lost after the object was written, and asking again finds it there.
    const writer = randomBytes(12).toString("hex");
    return await this.#doing("Writing", key, async () => {
      for (let attempt = 1; ; attempt++)
        try {
          await this.#write(key, bytes, { sha256: hexOf(bytes), writer }, { IfNoneMatch: "*" });
          return true;
        } catch (error) {
          if (isUnmet(error)) return (await this.#head(key)).writer === writer;
          // Another write of the same key is under way, which may come to nothing.
          if (!isConflict(error) || attempt >= readAttempts) throw error;
          await sleep(100 * attempt);
        }
    });
  }

  async delete(key: string): Promise<void> {
    await this.#orMissing("Removing", key, async () => {
      await this.#client.send(new DeleteObjectCommand(this.#named(key)));
    });
  }

  async *list(prefix: string): AsyncIterable<string> {
    const { bucket, prefix: own } = this.#place;
    const from = own + checkPrefix(prefix);
    let next: string | undefined;
    do {
      const command = new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: from,
        MaxKeys: this.#pageKeys,
        ...(next === undefined ? {} : { ContinuationToken: next }),
      });
      const page = await this.#doing("Listing", prefix, async () => await this.#client.send(command));
      for (const { Key } of page.Contents ?? []) if (Key !== undefined) yield Key.slice(own.length);
      next = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (next !== undefined);
  }

  async has(key: string): Promise<boolean> {
    return (await this.sizeOf(key)) !== undefined;
  }

  async sizeOf(key: string): Promise<number | undefined> {
    return (await this.#orMissing("Reading", key, async () => await this.#head(key)))?.bytes;
  }

  async putFile(key: string, path: string): Promise<void> {
    await this.#doing("Writing", key, async () => {
      const file = await open(path);
      try {
        const { size } = await file.stat();
        if (size > this.#pieceBytes) await this.#writePieces(key, file, size);
        else {
          const bytes = await file.readFile();
          await this.#write(key, bytes, { sha256: hexOf(bytes) });
        }
      } finally {
        await file.close();
      }
    });
  }

  async getFile(key: string, path: string): Promise<boolean> {
    const isThere = await this.#orMissing("Reading", key, async () => {
      const head = await this.#head(key);
      const file = await open(path, "w");
      try {
        await this.#readPieces(key, head, file);
        await file.datasync();
      } catch (error) {
        await rm(path, { force: true });
        throw error;
      } finally {
        await file.close();
      }
      return true;
    });
    return isThere ?? false;
  }

  close(): void {
    this.#client.destroy();
  }

  /**
   * Part of an object, as a server that knows ranges gives it; all of it from one that does not.
   * @throws `io_failed`, also where there is none
   */
  async getRange(key: string, from: number, to: number): Promise<Buffer> {
    const range = `bytes=${from}-${to}`;
    return await this.#doing("Reading", key, async () => (await this.#read(key, { Range: range })).bytes);
  }

  async #head(key: string): Promise<ObjectHead> {
    const { ContentLength, ETag, Metadata } = await this.#client.send(
      new HeadObjectCommand(this.#named(key)),
    );
    return { bytes: ContentLength ?? 0, tag: ETag, sha256: Metadata?.sha256, writer: Metadata?.writer };
  }

  /** An answer's bytes, asked for again where they break off or are not the ones that were written. */
  async #read(
    key: string,
    part: { readonly Range?: string; readonly IfMatch?: string } = {},
  ): Promise<{ readonly bytes: Buffer }> {
    for (let attempt = 1; ; attempt++) {
      const { Body, ContentLength, Metadata } = await this.#client.send(
        new GetObjectCommand({ ...this.#named(key), ...part }),
      );
      let bytes: Buffer;
      try {
        bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
      } catch (error) {
        if (attempt < readAttempts) continue;
        throw error;
      }
      const isWhole = ContentLength === undefined || bytes.length === ContentLength;
      const digest = part.Range === undefined ? Metadata?.sha256 : undefined;
      if (isWhole && (digest === undefined || digest === hexOf(bytes))) return { bytes };
      if (attempt >= readAttempts) throw this.#altered(key);
    }
  }

  async #write(
    key: string,
    bytes: Uint8Array,
    metadata: Record<string, string>,
    condition: { readonly IfNoneMatch?: string } = {},
  ): Promise<void> {
    await this.#client.send(
      new PutObjectCommand({
        ...this.#named(key),
        ...condition,
        Body: bytes,
        ContentLength: bytes.length,
        // Every server compares it, also one that was sent no signature of the body.
        ContentMD5: createHash("md5").update(bytes).digest("base64"),
        Metadata: metadata,
      }),
    );
  }

  async #writePieces(key: string, file: FileHandle, size: number): Promise<void> {
    const named = this.#named(key);
    const Metadata = { sha256: await digestOfPieces(piecesOf(file, size, this.#pieceBytes)) };
    const { UploadId } = await this.#client.send(new CreateMultipartUploadCommand({ ...named, Metadata }));
    try {
      const Parts: { ETag: string | undefined; PartNumber: number }[] = [];
      for await (const Body of piecesOf(file, size, this.#pieceBytes)) {
        const PartNumber = Parts.length + 1;
        const { ETag } = await this.#client.send(
          new UploadPartCommand({ ...named, UploadId, PartNumber, Body, ContentLength: Body.length }),
        );
        Parts.push({ ETag, PartNumber });
      }
      await this.#client.send(
        new CompleteMultipartUploadCommand({ ...named, UploadId, MultipartUpload: { Parts } }),
      );
    } catch (error) {
      await this.#client.send(new AbortMultipartUploadCommand({ ...named, UploadId })).catch(() => {});
      throw error;
    }
  }

  async #readPieces(
    key: string,
    { bytes, tag, sha256: digest }: ObjectHead,
    file: FileHandle,
  ): Promise<void> {
    const hash = createHash("sha256");
    for (let at = 0; at < bytes; at += this.#pieceBytes) {
      const end = Math.min(at + this.#pieceBytes, bytes);
      const condition = tag === undefined ? {} : { IfMatch: tag };
      const piece = await this.#read(key, { Range: `bytes=${at}-${end - 1}`, ...condition });
      if (piece.bytes.length !== end - at) throw this.#altered(key);
      hash.update(piece.bytes);
      await file.writeFile(piece.bytes);
    }
    if (digest !== undefined && hash.digest("hex") !== digest) throw this.#altered(key);
  }

  #named(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#place.bucket, Key: this.#place.prefix + checkKey(key) };
  }

  #altered(key: string): SameseedError {
    const { bucket, prefix, url } = this.#place;
    return new SameseedError(
      "run_damaged",
      `s3://${bucket}/${prefix}${key} was not read as it was written: its bytes have another digest`,
      {
        context: { store: url, key },
        hint: "what a fleet made is run again by itself; else look into the server's log, and remove the object",
      },
    );
  }

  async #doing<T>(doing: string, key: string, work: () => Promise<T>): Promise<T> {
    await this.#gate.acquire();
    try {
      return await work();
    } catch (error) {
      throw s3Error(error, doing, this.#place, key);
    } finally {
      this.#gate.release();
    }
  }

  async #orMissing<T>(doing: string, key: string, work: () => Promise<T>): Promise<T | undefined> {
    return await this.#doing(doing, key, async () => {
      try {
        return await work();
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    });
  }
}

function hexOf(bytes: Uint8Array): string {
  return sha256(bytes).toString("hex");
}
