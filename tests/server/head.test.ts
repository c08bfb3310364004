/* HEAD on what is streamed: nobody takes the stream, so nothing may be held for it. */
import { afterAll, beforeAll, expect, it, vi } from "vitest";

import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { createSandbox, serve, type Served } from "./served.ts";

let served: Served;
beforeAll(async () => {
  served = await serve({ maxSandboxes: 4 });
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  await closeSandboxes();
});

/** Counts what is held of the lease of the sandbox that is open. */
function holdsOf(): { readonly size: number } {
  const holds = new Set<object>();
  const { lease } = served.server.context.sandboxes.all[0]!;
  const hold = lease.hold.bind(lease);
  vi.spyOn(lease, "hold").mockImplementation(() => {
    const release = hold();
    const held = {};
    holds.add(held);
    return () => {
      holds.delete(held);
      release();
    };
  });
  return holds;
}

it("holds no lease for an answer that was asked for by HEAD", async () => {
  const sandbox = await createSandbox(served);
  const path = `/v1/sandboxes/${sandbox}/processes`;
  await served.call("POST", path, { body: { command: "cat" } });
  const holds = holdsOf();
  for (const stream of ["output", "stdout", "stderr"]) {
    const { status, bytes } = await served.call("HEAD", `${path}/p1/${stream}?follow=true`);
    expect([stream, status, bytes.length, holds.size]).toEqual([stream, 200, 0, 0]);
  }
  // Who does take it holds it for as long.
  const following = served.call("GET", `${path}/p1/output?follow=true`);
  await expect.poll(() => holds.size).toBe(1);
  await served.call("DELETE", `/v1/sandboxes/${sandbox}`);
  await following;
  expect(holds.size).toBe(0);
});

it("holds none at the door for Tensorlake either", async () => {
  const id = (await served.call("POST", "/sandboxes", { body: {} })).json.sandbox_id as string;
  const headers = { "x-tensorlake-sandbox-id": id };
  await served.call("POST", "/api/v1/processes", { headers, body: { command: "cat", stdin_mode: "pipe" } });
  const holds = holdsOf();
  const { status } = await served.call("HEAD", "/api/v1/processes/1/output/follow", { headers });
  expect([status, holds.size]).toEqual([200, 0]);
  await served.call("DELETE", `/sandboxes/${id}`);
});
