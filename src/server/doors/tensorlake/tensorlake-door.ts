import { type Context, Hono } from "hono";

import type { ServerContext } from "../../context.ts";
import type { Door } from "../../door.ts";
import { toResponse } from "../../http/reply.ts";
import { addLifecycle } from "./lifecycle.ts";
import { Machines } from "./machines.ts";
import { Pools } from "./pools.ts";
import { notOffered, protocolError } from "./protocol-errors.ts";
import { addSandboxCalls } from "./sandbox-calls.ts";
import { Snapshots } from "./snapshots.ts";

const local = /^([a-z0-9]{21})\.local(?::\d{1,5})?$/;
/** Where clients of each age ask about sandboxes. */
const prefixes = ["", "/v1/namespaces/:namespace"];

/**
 * Tensorlake's protocol: sandboxes, their processes and files, snapshots of files, pools. What is inside of a sandbox is asked
 * for at `/api/v1`, with the sandbox in a header or in the name of the host.
 */
export function makeTensorlakeDoor(context: ServerContext): Door {
  const app = new Hono();
  app.onError((error) => {
    const reply = protocolError(error);
    if (reply.status === 500) context.log.error("defect", { message: String(error) });
    return toResponse(reply);
  });
  const machines = new Machines(context);
  const snapshots = new Snapshots(context.sandboxes);
  const lifecycle = { context, machines, snapshots, pools: new Pools(machines) };
  for (const prefix of prefixes) addLifecycle(app, prefix, lifecycle);
  addSandboxCalls(app, context, (c) => machines.findRunning(identifierOf(c)));
  return {
    name: "tensorlake",
    app,
    // Names that nobody can guess: a page cannot make one of them stand for this machine.
    allowsHost: (host) => machines.has(local.exec(host)?.[1] ?? ""),
    close: async () => await snapshots.close(),
  };
}

/** Which sandbox a request is for. */
function identifierOf(c: Context): string {
  const named = c.req.header("x-tensorlake-sandbox-id") ?? local.exec(c.req.header("host") ?? "")?.[1];
  if (named === undefined) throw notOffered("sandbox at this address", "name one in X-Tensorlake-Sandbox-Id");
  return named;
}
