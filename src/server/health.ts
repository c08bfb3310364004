import { packageVersion } from "../base/package-version.ts";
import type { ServerContext } from "./context.ts";
import type { DoorRoutes } from "./http/door-routes.ts";
import { json, toResponse } from "./http/reply.ts";

/** Adds what operators ask: `/healthz`, `/readyz`, `/metrics`. */
export function addHealth(routes: DoorRoutes, { slots, leases, metrics }: ServerContext): void {
  routes.get("/healthz", "Tell that the server is alive", () =>
    toResponse(json({ status: "ok", version: packageVersion() })),
  );
  routes.get("/readyz", "Tell how much room there is; 503 while it is being stopped", () => {
    const isReady = !slots.isDraining;
    const { total, used, waiting } = slots;
    const body = {
      status: isReady ? "ready" : "draining",
      slots: { total, used, waiting },
      leases: leases.size,
    };
    return toResponse(json(body, isReady ? 200 : 503));
  });
  routes.get("/metrics", "Show figures in Prometheus' format", async () => {
    const { type, text } = await metrics.text();
    return new Response(text, { headers: { "content-type": type } });
  });
}
