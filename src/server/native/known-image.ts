import * as z from "zod";

import { SameseedError } from "../../base/error.ts";
import { isImagePath } from "../../image/image-names.ts";
import { listImages } from "../../image/image-store.ts";

/**
 * How a client names an image: a name, a digest of the store, or the beginning of one. The SDK also takes the path of a file, which a client of the
 * server must not choose.
 */
export const imageNameSchema: z.ZodType<string> = z
  .string()
  .regex(/^(?:[a-z0-9][a-z0-9._-]{0,63}|sha256:[0-9a-f]{7,64})$/, "an image is named by its name or digest")
  .refine((name) => !isImagePath(name), "a client names no file");

/** How long the store's list is believed, in ms: reading it takes longer than starting a sandbox. */
const listedMs = 1000;
let listed:
  | { readonly at: number; readonly names: ReadonlySet<string>; readonly digests: readonly string[] }
  | undefined;

/**
 * Makes sure that a name is one of the store's. The file system outside of the store is not consulted.
 * @throws `image_missing`
 */
export function checkKnownImage(name: string): string {
  if (listed === undefined || performance.now() - listed.at > listedMs || !isIn(listed, name)) {
    const images = listImages();
    listed = {
      at: performance.now(),
      names: new Set(images.flatMap(({ names }) => names)),
      digests: images.map(({ manifest }) => manifest.digest),
    };
  }
  if (isIn(listed, name)) return name;
  throw new SameseedError("image_missing", `there is no image ${name}`, {
    hint: "GET /v1/images lists the images; `sameseed image build` builds one on the server's machine",
    context: { name },
  });
}

function isIn({ names, digests }: NonNullable<typeof listed>, name: string): boolean {
  const beginning = /^(?:sha256:)?([0-9a-f]{7,64})$/.exec(name)?.[1];
  return (
    names.has(name) || (beginning !== undefined && digests.some((digest) => digest.startsWith(beginning)))
  );
}
