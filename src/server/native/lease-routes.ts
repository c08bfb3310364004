import * as z from "zod";

import type { ServerContext } from "../context.ts";
import { json, noContent } from "../http/reply.ts";
import { type Route, route } from "../http/route.ts";
import { type Lease, leaseMsLeast, leaseMsMost } from "../leases.ts";

const leaseSchema = z.object({
  lease: z.string(),
  ttlMs: z.int(),
  /** How many things it owns. */
  owned: z.int(),
});

const openSchema = z.strictObject({
  ttlMs: z.int().min(leaseMsLeast).max(leaseMsMost).optional(),
});

/** Leases: what owns whatever a client opens. */
export function leaseRoutes({ leases, options }: ServerContext): readonly Route[] {
  const tag = "leases";
  return [
    route({
      method: "POST",
      path: "/v1/leases",
      tag,
      summary: "Open a lease, which owns what is opened under it for as long as heartbeats come",
      body: openSchema,
      once: "stored",
      answers: { 201: leaseSchema },
      handle: ({ body: { ttlMs = options.leaseMs } }) => json(viewOf(leases.open(ttlMs, true)), 201),
    }),
    route({
      method: "POST",
      path: "/v1/leases/{lease}/heartbeat",
      tag,
      summary: "Keep a lease alive for its ttlMs",
      answers: { 200: leaseSchema },
      handle: ({ params }) => {
        const lease = leases.find(params["lease"]!);
        lease.touch();
        return json(viewOf(lease));
      },
    }),
    route({
      method: "DELETE",
      path: "/v1/leases/{lease}",
      tag,
      summary: "End a lease and close everything it owns; answers when nothing is left",
      answers: { 204: null },
      handle: async ({ params }) => {
        await leases.find(params["lease"]!).end();
        return noContent();
      },
    }),
  ];
}

function viewOf({ id, ttlMs, size }: Lease): z.infer<typeof leaseSchema> {
  return { lease: id, ttlMs, owned: size };
}
