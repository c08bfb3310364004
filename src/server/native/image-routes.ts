import * as z from "zod";

import { listImages } from "../../image/image-store.ts";
import { json } from "../http/reply.ts";
import { type Route, route } from "../http/route.ts";
import { checkKnownImage, imageNameSchema } from "./known-image.ts";

const imageSchema = z.object({
  digest: z.string(),
  names: z.array(z.string()),
  manifest: z.record(z.string(), z.unknown()),
});

/** Images: what sandboxes are made of. They are built on the server's machine, never by a client. */
export function imageRoutes(): readonly Route[] {
  const tag = "images";
  return [
    route({
      method: "GET",
      path: "/v1/images",
      tag,
      summary: "List the images of the server's store",
      answers: { 200: z.object({ images: z.array(imageSchema) }) },
      handle: () => json({ images: allImages() }),
    }),
    route({
      method: "GET",
      path: "/v1/images/{image}",
      tag,
      summary: "Show an image by its name or digest",
      answers: { 200: imageSchema },
      handle: ({ params }) => {
        const parsed = imageNameSchema.safeParse(params["image"]);
        const name = checkKnownImage(parsed.success ? parsed.data : "?");
        const digest = name.startsWith("sha256:") ? name : `sha256:${name}`;
        return json(allImages().find((image) => image.names.includes(name) || image.digest === digest));
      },
    }),
  ];
}

function allImages(): { digest: string; names: string[]; manifest: unknown }[] {
  return listImages().map(({ manifest, names }) => ({
    digest: `sha256:${manifest.digest}`,
    names,
    manifest,
  }));
}
