import { Hono } from "hono";

import type { ServerContext } from "../context.ts";
import type { Door } from "../door.ts";
import { addRoutes, type Route } from "../http/route.ts";
import { evaluationRoutes } from "./evaluation-routes.ts";
import { fileRoutes } from "./file-routes.ts";
import { imageRoutes } from "./image-routes.ts";
import { leaseRoutes } from "./lease-routes.ts";
import { processRoutes } from "./process-routes.ts";
import { runRoutes } from "./recorded/run-routes.ts";
import { Runs } from "./recorded/runs.ts";
import { sandboxRoutes } from "./sandbox-routes.ts";
import { serveConnection } from "./stepping/connection.ts";
import { Stepping } from "./stepping/stepping.ts";
import { requestBytesMost } from "./stepping/wire.ts";

/** Sameseed's own API, below `/v1`. */
export function makeNativeDoor(context: ServerContext): Door {
  const app = new Hono();
  const runs = new Runs(context);
  const routes = nativeRoutes(context, runs);
  addRoutes(app, context, routes);
  const stepping = new Stepping(context);
  return {
    name: "native",
    app,
    routes,
    sockets: [
      {
        path: "/v1/ws",
        protocol: "sameseed.v1",
        messageBytes: requestBytesMost,
        connect: (socket, request) => serveConnection(context, stepping, socket, request),
      },
    ],
    close: async () => await runs.close(),
  };
}

/** Every route of the native API. */
export function nativeRoutes(context: ServerContext, runs: Runs): readonly Route[] {
  const { sandboxes } = context;
  return [
    ...leaseRoutes(context),
    ...imageRoutes(),
    ...sandboxRoutes(sandboxes),
    ...processRoutes(sandboxes),
    ...fileRoutes(sandboxes),
    ...runRoutes(context, runs),
    ...evaluationRoutes(context),
  ];
}
