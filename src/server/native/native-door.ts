import { Hono } from "hono";

import type { ServerContext } from "../context.ts";
import type { Door } from "../door.ts";
import { openApiOf } from "../http/openapi.ts";
import { addRoutes, type Route } from "../http/route.ts";
import { fileRoutes } from "./file-routes.ts";
import { imageRoutes } from "./image-routes.ts";
import { leaseRoutes } from "./lease-routes.ts";
import { processRoutes } from "./process-routes.ts";
import { Sandboxes } from "./sandboxes.ts";
import { sandboxRoutes } from "./sandbox-routes.ts";

/** Sameseed's own API, below `/v1`. */
export function makeNativeDoor(context: ServerContext): Door {
  const app = new Hono();
  const routes = nativeRoutes(context);
  addRoutes(app, context, routes);
  const document = JSON.stringify(openApiOf(routes));
  app.get("/openapi.json", () => new Response(document, { headers: { "content-type": "application/json" } }));
  return { name: "native", app };
}

/** Every route of the native API. */
export function nativeRoutes(context: ServerContext): readonly Route[] {
  const sandboxes = new Sandboxes(context);
  return [
    ...leaseRoutes(context),
    ...imageRoutes(),
    ...sandboxRoutes(sandboxes),
    ...processRoutes(sandboxes),
    ...fileRoutes(sandboxes),
  ];
}
