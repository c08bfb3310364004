/* How sandboxes and pools of Tensorlake's protocol begin and end, without its packages. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import { type Answer, serve, type Served } from "../served.ts";

let served: Served;
beforeAll(async () => {
  served = await serve({ maxSandboxes: 2 });
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  await closeSandboxes();
});

const post = async (path: string, body: object = {}): Promise<Answer> =>
  await served.call("POST", path, { body });
const remove = async (id: string): Promise<Answer> => await served.call("DELETE", `/sandboxes/${id}`);
const used = (): number => served.server.context.slots.used;

it("a sandbox whose time is over has ended, also while it is asked for, and its room is another's", async () => {
  const id = (await post("/sandboxes", { timeout_secs: 1 })).json.sandbox_id as string;
  const headers = { "x-tensorlake-sandbox-id": id };
  // Every request names it, so its lease goes on.
  await expect
    .poll(async () => (await served.call("GET", "/api/v1/health", { headers })).json.code, {
      timeout: 10_000,
    })
    .toBe("SANDBOX_NOT_RUNNING");
  expect((await served.call("GET", `/sandboxes/${id}`)).json).toMatchObject({
    status: "terminated",
    termination_reason: "timeout",
  });
  expect((await served.call("GET", "/sandboxes")).json.sandboxes).toEqual([]);
  expect(used()).toBe(0);
  await remove(id);
  expect(used()).toBe(0);
});

it("a sandbox that has to wait for room begins its time when it has some", async () => {
  const [one, other] = [await post("/sandboxes"), await post("/sandboxes")];
  const waiting = post("/sandboxes", { timeout_secs: 0.5 });
  await expect.poll(() => served.server.context.slots.waiting).toBe(1);
  // Longer than it may be without being asked for.
  await new Promise((resolve) => setTimeout(resolve, 800));
  await remove(one.json.sandbox_id as string);
  const { status, json } = await waiting;
  expect([status, json.status]).toEqual([201, "running"]);
  for (const { json: opened } of [other, await waiting]) await remove(opened.sandbox_id as string);
  expect(used()).toBe(0);
});

describe("a pool", () => {
  it("counts the claims that are under way, and is in use by them", async () => {
    const pool = (await post("/sandbox-pools", { max_containers: 1 })).json.pool_id as string;
    const claim = async (): Promise<Answer> => await post(`/sandbox-pools/${pool}/sandboxes`);
    const claims = await Promise.all([claim(), claim()]);
    expect(claims.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 422]);
    const claimed = claims.find(({ status }) => status === 201)!.json.sandbox_id as string;
    await remove(claimed);
    // What was claimed and is over is no longer counted, and a claim that failed neither.
    const again = await claim();
    expect(again.status).toBe(201);
    await remove(again.json.sandbox_id as string);
    expect((await served.call("DELETE", `/sandbox-pools/${pool}`)).status).toBe(204);
  });

  it.each([{ snapshot_id: "a".repeat(21) }, { name: "mine" }])("is refused with %j", async (body) => {
    const refused = await post("/sandbox-pools", body);
    expect([refused.status, refused.json.code]).toEqual([501, "NOT_OFFERED"]);
    const pool = (await post("/sandbox-pools")).json.pool_id as string;
    expect((await served.call("PUT", `/sandbox-pools/${pool}`, { body })).json.code).toBe("NOT_OFFERED");
  });
});
