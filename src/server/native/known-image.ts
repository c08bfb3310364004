import * as z from "zod";

import { SameseedError } from "../../base/error.ts";
import { listImages } from "../../image/image-store.ts";

/**
 * How a client names an image: a name or a digest of the store. The SDK also takes the path of a file, which a client of the
 * server must not choose.
 */
export const imageNameSchema: z.ZodType<string> = z
  .string()
  .regex(/^(?:[a-z0-9][a-z0-9._-]{0,63}|sha256:[0-9a-f]{64})$/, "an image is named by its name or digest");

/** How long the store's list is believed, in ms: reading it takes longer than starting a sandbox. */
const listedMs = 1000;
let listed: { readonly at: number; readonly names: ReadonlySet<string> } | undefined;

/**
 * Makes sure that a name is one of the store's. The file system outside of the store is not consulted.
 * @throws `image_missing`
 */
export function checkKnownImage(name: string): string {
  if (listed === undefined || performance.now() - listed.at > listedMs || !listed.names.has(name))
    listed = {
      at: performance.now(),
      names: new Set(listImages().flatMap(({ manifest, names }) => [...names, `sha256:${manifest.digest}`])),
    };
  if (listed.names.has(name)) return name;
  throw new SameseedError("image_missing", `there is no image ${name}`, {
    hint: "GET /v1/images lists the images; `sameseed image build` builds one on the server's machine",
    context: { name },
  });
}
