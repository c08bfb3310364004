import { SameseedError } from "../../base/error.ts";
import { exportImage } from "../../image/export-image.ts";
import { listImages } from "../../image/image-store.ts";
import { importImage } from "../../image/import-image.ts";
import type { ObjectStore } from "../../store/objects/object-store.ts";
import { Spool } from "../spool.ts";

/** Where an image is in a fleet's store. */
export function imageKey(digest: string): string {
  return `images/${digest}.sameseed-image`;
}

/** The images of a host, and how it comes by others: by digest, out of the store, checked on arrival. */
export class ImageSupply {
  readonly #store: ObjectStore;
  readonly #fetching = new Map<string, Promise<void>>();
  #known: ReadonlySet<string>;

  constructor(store: ObjectStore) {
    this.#store = store;
    this.#known = installed();
  }

  /** Digests of the images that are here. */
  get digests(): readonly string[] {
    return [...this.#known];
  }

  /**
   * Makes sure that an image is here.
   * @throws `image_missing` where the store does not have it either, `image_damaged`, `io_failed`, `disk_full`
   */
  async ensure(digest: string, signal: AbortSignal): Promise<void> {
    if (this.#known.has(digest)) return;
    let fetching = this.#fetching.get(digest);
    if (fetching === undefined) {
      fetching = this.#fetch(digest, signal).finally(() => this.#fetching.delete(digest));
      this.#fetching.set(digest, fetching);
    }
    await fetching;
  }

  async #fetch(digest: string, signal: AbortSignal): Promise<void> {
    this.#known = installed();
    if (this.#known.has(digest)) return;
    using spool = new Spool();
    const file = spool.path("image");
    if (!(await this.#store.getFile(imageKey(digest), file)))
      // Not `image_missing`: whoever offers the chunk puts the image there when it hears that a host lacks it.
      throw new SameseedError(
        "zygote_failed",
        `neither this host nor the store has the image ${digest.slice(0, 12)}`,
        {
          context: { image: digest },
        },
      );
    const { manifest } = await importImage(file, { name: null, signal });
    if (manifest.digest !== digest)
      throw new SameseedError("image_damaged", `the store has another image as ${digest.slice(0, 12)}`);
    this.#known = installed();
  }
}

/** Puts an image into a store, unless it is there. @throws as `exportImage`, `io_failed` */
export async function publishImage(store: ObjectStore, digest: string): Promise<void> {
  const key = imageKey(digest);
  if (await store.has(key)) return;
  using spool = new Spool();
  const file = spool.path("image");
  await exportImage(digest, file);
  await store.putFile(key, file);
}

function installed(): ReadonlySet<string> {
  return new Set(listImages().map(({ manifest }) => manifest.digest));
}
