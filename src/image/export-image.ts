import { randomBytes } from "node:crypto";
import { createReadStream, existsSync, readFileSync, readdirSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createZstdCompress } from "node:zlib";
import { SameseedError, systemErrorCode, toError } from "../base/error.ts";
import { imagesFolder } from "../base/home.ts";
import { type NamesOf, refuseUnknownOptions } from "../base/known-options.ts";
import { endBlocks, entryHeader, labelFrame, padding } from "./archive-format.ts";
import { checkImage } from "./check-image.ts";
import { resolveImage, type ResolvedImage } from "./image-store.ts";
import { lockPath, systemLockPath } from "./publish-image.ts";
import { listTree } from "./tree-listing.ts";

/** How {@link exportImage} writes. */
export interface ExportOptions {
  /** The folder of images. @default the store's */
  readonly images?: string;
  readonly signal?: AbortSignal;
}

const optionNames: NamesOf<ExportOptions> = { images: true, signal: true };

/**
 * Writes an image into one compressed file, which {@link importImage} takes on another host. Every file is read and
 * compared with the digest before. The same image gives the same bytes.
 *
 * @throws {SameseedError} `image_missing`, `image_damaged`, `bad_argument` where the file is there, `io_failed`, `disk_full`.
 */
export async function exportImage(
  name: string,
  file: string,
  options: ExportOptions = {},
): Promise<{ readonly digest: string; readonly bytes: number }> {
  refuseUnknownOptions(options, optionNames, "exportImage");
  const image = resolveImage(name, options.images ?? imagesFolder());
  checkImage(image);
  if (existsSync(file)) {
    throw new SameseedError("bad_argument", `${file} is there already`, {
      hint: "name a file that does not exist yet",
    });
  }
  const temporary = `${file}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    const handle = await open(temporary, "wx");
    try {
      await handle.write(labelFrame(image.manifest.digest));
      const compress = createZstdCompress({
        params: { [constants.ZSTD_c_compressionLevel]: 9, [constants.ZSTD_c_checksumFlag]: 1 },
      });
      await pipeline(
        Readable.from(tarOf(image)),
        compress,
        async (pieces: AsyncIterable<Buffer>) => {
          for await (const piece of pieces) await handle.writeFile(piece);
        },
        options.signal === undefined ? {} : { signal: options.signal },
      );
      const { size } = await handle.stat();
      await handle.sync();
      await rename(temporary, file);
      return { digest: image.manifest.digest, bytes: size };
    } finally {
      await handle.close();
    }
  } catch (error) {
    await rm(temporary, { force: true });
    throw asExportError(error, file);
  }
}

async function* tarOf(image: ResolvedImage): AsyncGenerator<Buffer, void, undefined> {
  const { rootfs, manifest } = image;
  const folder = dirname(rootfs);
  yield* whole("image.json", Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
  if (existsSync(lockPath(image))) yield* whole("requirements.lock", readFileSync(lockPath(image)));
  if (existsSync(systemLockPath(image))) yield* whole("system.lock", readFileSync(systemLockPath(image)));
  const wheels = join(folder, "wheels");
  for (const wheel of existsSync(wheels) ? readdirSync(wheels).sort() : [])
    yield* whole(`wheels/${wheel}`, readFileSync(join(wheels, wheel)));
  for (const { path, type, mode, content, sizeBytes } of listTree(rootfs)) {
    if (type === "other") continue;
    const target = type === "link" ? content : "";
    yield entryHeader({ path: `rootfs/${path}`, type, mode, target, sizeBytes });
    if (type !== "file") continue;
    for await (const piece of createReadStream(join(rootfs, path), {
      highWaterMark: 1 << 20,
    }) as AsyncIterable<Buffer>)
      yield piece;
    yield padding(sizeBytes);
  }
  yield endBlocks();
}

function* whole(path: string, content: Buffer): Generator<Buffer, void, undefined> {
  yield entryHeader({ path, type: "file", mode: 0o644, target: "", sizeBytes: content.length });
  yield content;
  yield padding(content.length);
}

function asExportError(error: unknown, file: string): Error {
  const code = systemErrorCode(error);
  if (toError(error).name === "AbortError") return new SameseedError("aborted", "the export was interrupted");
  if (error instanceof SameseedError || code === undefined) return toError(error);
  return new SameseedError(
    code === "ENOSPC" || code === "EDQUOT" ? "disk_full" : "io_failed",
    `the image could not be written to ${file}: ${toError(error).message}`,
    { hint: "name a file in a folder that you may write to, with room for it", cause: error },
  );
}
