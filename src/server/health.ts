import type { Hono } from "hono";

import { packageVersion } from "../base/package-version.ts";
import type { ServerContext } from "./context.ts";
import { json, toResponse } from "./http/reply.ts";

/** Adds what operators ask: `/healthz`, `/readyz`, `/metrics`. */
export function addHealth(app: Hono, { slots, leases, metrics }: ServerContext): void {
  app.get("/healthz", () => toResponse(json({ status: "ok", version: packageVersion() })));
  app.get("/readyz", () => {
    const isReady = !slots.isDraining;
    const { total, used, waiting } = slots;
    const body = {
      status: isReady ? "ready" : "draining",
      slots: { total, used, waiting },
      leases: leases.size,
    };
    return toResponse(json(body, isReady ? 200 : 503));
  });
  app.get("/metrics", async () => {
    const { type, text } = await metrics.text();
    return new Response(text, { headers: { "content-type": type } });
  });
}
