import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, globSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { compileNative } from "../../../src/image/compile-native.ts";
import { defaultImageName } from "../../../src/image/default-image.ts";
import { findPython } from "../../../src/image/find-python.ts";
import { resolveImage, type ResolvedImage } from "../../../src/image/image-store.ts";
import { readRuntimeFiles } from "../../../src/image/runtime-files.ts";
import { unprivilegedId } from "../../../src/sandbox/linux/host-ids.ts";
import { changeSource, type TextChange } from "./wall-change.ts";

/** A file of the copy that only root may read; its text. */
export const rootOnly = { path: "/opt/root-only", text: "for root" };

/**
 * A copy of the default image whose native extension can be exchanged. Its files belong to the id the sandboxes run as,
 * as they do for an ordinary user, so that only the wall keeps them from being written.
 */
export class ImageCopy {
  readonly image: ResolvedImage;
  readonly folder: string;
  readonly #extension: string;
  readonly #intact: string;
  /** What the extension in place was changed by; undefined before the first was built: the image's may be older. */
  #inPlace: string | undefined;
  /** The same of the libraries of both worlds, which few changes are of. */
  #librariesInPlace: string | undefined;

  private constructor(folder: string, image: ResolvedImage) {
    this.folder = folder;
    this.image = image;
    this.#extension = globSync(join(image.rootfs, "opt/sameseed/sameseed/_zygote*.so"))[0]!;
    this.#intact = join(folder, "intact.so");
  }

  static make(): ImageCopy {
    const original = resolveImage(defaultImageName);
    const folder = mkdtempSync(join(tmpdir(), "sameseed-wall-"));
    chmodSync(folder, 0o755);
    const rootfs = join(folder, "rootfs");
    execFileSync("cp", ["-a", original.rootfs, rootfs]);
    if (process.getuid!() === 0) {
      execFileSync("chown", ["-hR", `${unprivilegedId}:${unprivilegedId}`, rootfs]);
      // Each slot has an id of its own, which owns nothing: what a wall without a step lets through must be anybody's.
      execFileSync("chmod", ["-R", "a+w", rootfs]);
      writeFileSync(join(rootfs, rootOnly.path), rootOnly.text, { mode: 0o600 });
    }
    return new ImageCopy(folder, { ...original, rootfs, seal: null });
  }

  /** Builds this repository's native sources into the copy, with these changes. No zygote of the copy may be running. */
  async setNative(changes: readonly TextChange[]): Promise<void> {
    const isIntact = changes.length === 0;
    const key = JSON.stringify(changes);
    if (this.#inPlace === key) return;
    const ofLibraries = JSON.stringify(changes.filter(({ file }) => !file.startsWith("zygote/")));
    const withLibraries = this.#librariesInPlace !== ofLibraries;
    this.#inPlace = key;
    this.#librariesInPlace = ofLibraries;
    rmSync(this.#extension);
    if (isIntact && !withLibraries && existsSync(this.#intact)) copyFileSync(this.#intact, this.#extension);
    else await this.#compile(changes, withLibraries);
    if (isIntact) copyFileSync(this.#extension, this.#intact);
  }

  async #compile(changes: readonly TextChange[], withLibraries: boolean): Promise<void> {
    const files = readRuntimeFiles();
    const native = files.native.map(({ name, content }) => ({
      name,
      content: Buffer.from(changeSource(name, content.toString(), changes)),
    }));
    const named = new Set(native.map(({ name }) => name));
    const isOfLibraries = (name: string): boolean => /^(world|locks|host)\/.*\.c$/.test(name);
    const sources = withLibraries ? native : native.filter(({ name }) => !isOfLibraries(name));
    for (const { file } of changes) if (!named.has(file)) throw new Error(`there is no native/${file}`);
    await compileNative(await findPython(), { ...files, native: sources }, this.image.rootfs, this.folder);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
