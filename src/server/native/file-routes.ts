import * as z from "zod";

import { bytes, json, noContent } from "../http/reply.ts";
import { type Route, route } from "../http/route.ts";
import type { Sandboxes } from "./sandboxes.ts";

/** The most bytes of a file in one request: 64 MiB. */
export const fileBytesMost: number = 64 * 1024 * 1024;

const pathQuery = z.strictObject({ path: z.string().min(1) });
const flag = z.enum(["true", "false"]).default("false");

const tag = "files";
const path = "/v1/sandboxes/{sandbox}/files";

/** Files of a sandbox. Paths are the sandbox's; there is no way from here to files of the server's machine. */
export function fileRoutes(sandboxes: Sandboxes): readonly Route[] {
  return [
    route({
      method: "GET",
      path,
      tag,
      summary: "Read a file",
      query: pathQuery,
      answers: { 200: "application/octet-stream" },
      handle: async ({ params, query }) => {
        const { sandbox } = sandboxes.find(params["sandbox"]!);
        return bytes(await sandbox.files.read(query.path, { maxBytes: fileBytesMost }));
      },
    }),
    route({
      method: "PUT",
      path,
      tag,
      summary: "Write a file, replacing what it held, and make the folders above it",
      query: z.strictObject({
        path: z.string().min(1),
        mode: z
          .string()
          .regex(/^0?[0-7]{3}$/)
          .default("644"),
      }),
      body: "bytes",
      bodyBytes: fileBytesMost,
      once: "stored",
      answers: { 204: null },
      handle: async ({ params, query, raw }) => {
        const { sandbox } = sandboxes.find(params["sandbox"]!);
        await sandbox.files.write(query.path, raw, { mode: Number.parseInt(query.mode, 8) });
        return noContent();
      },
    }),
    route({
      method: "DELETE",
      path,
      tag,
      summary: "Remove a file, a link, or a directory",
      query: z.strictObject({ path: z.string().min(1), recursive: flag }),
      once: "stored",
      answers: { 204: null },
      handle: async ({ params, query }) => {
        const { sandbox } = sandboxes.find(params["sandbox"]!);
        await sandbox.files.remove(query.path, { recursive: query.recursive === "true" });
        return noContent();
      },
    }),
    listRoute(sandboxes),
  ];
}

function listRoute(sandboxes: Sandboxes): Route {
  return route({
    method: "GET",
    path: `${path}/list`,
    tag,
    summary: "List a directory, sorted by the bytes of the names",
    query: pathQuery,
    answers: {
      200: z.object({
        entries: z.array(
          z.object({
            name: z.string(),
            type: z.enum(["file", "directory", "link", "other"]),
            sizeBytes: z.int(),
            mode: z.int(),
          }),
        ),
      }),
    },
    handle: async ({ params, query }) => {
      const { sandbox } = sandboxes.find(params["sandbox"]!);
      return json({ entries: await sandbox.files.list(query.path) });
    },
  });
}
