/* How sandboxes and pools of Tensorlake's protocol begin and end, without its packages. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { defaultImageName } from "../../../src/image/default-image.ts";
import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import { Machine } from "../../../src/server/doors/tensorlake/machines.ts";
import { machineRequest } from "../../../src/server/doors/tensorlake/schemas.ts";
import type { ServedSandbox } from "../../../src/server/native/served-sandbox.ts";
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

it.each([
  ["cpu_limit", { cpuMs: 300 }, ["-c", "while True: pass"]],
  ["timeout", { timeoutMs: 300 }, ["-c", "import time; time.sleep(60)"]],
])("a sandbox that a limit ended tells which: %s", async (reason, limits, args) => {
  const { sandboxes, leases } = served.server.context;
  const lease = leases.open(60_000, true);
  const options = { image: defaultImageName, timeoutMs: 20_000, ...limits };
  const opened = await sandboxes.create(options, () => lease, { queueMs: 10_000 });
  const machine = new Machine(opened, machineRequest({}), "default");
  await opened.start("/opt/python/bin/python3", { args }).ended;
  await expect
    .poll(() => machine.info(""), { timeout: 10_000 })
    .toMatchObject({ status: "terminated", termination_reason: reason });
  // Also when it is closed behind its end, by whomever.
  machine.wasTerminated = true;
  await lease.end();
  expect(machine.info("")).toMatchObject({ termination_reason: reason });
});

it.each([
  ["memory", "out_of_memory"],
  ["output", "failed"],
  ["own", "failed"],
  ["failed", "failed"],
  [undefined, "timeout"],
] as const)("a sandbox whose end was %s tells %s", (endCause, reason) => {
  const over = { endCause, closedAtMs: 1, createdAt: "1970-01-01T00:00:00Z" } as ServedSandbox;
  const machine = new Machine(over, machineRequest({}), "default");
  expect(machine.info("")).toMatchObject({ status: "terminated", termination_reason: reason });
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
    const { slots } = served.server.context;
    const pool = (await post("/sandbox-pools", { max_containers: 1 })).json.pool_id as string;
    const claim = async (): Promise<Answer> => await post(`/sandbox-pools/${pool}/sandboxes`);
    // There is no room: the first claim is under way for as long as there is none.
    const release = await slots.acquire(slots.total, { queueMs: 0 });
    const first = claim();
    await expect.poll(() => slots.waiting).toBe(1);
    const second = await claim();
    expect([second.status, second.json.code]).toEqual([422, "POOL_AT_CAPACITY"]);
    const used = await served.call("DELETE", `/sandbox-pools/${pool}`);
    expect([used.status, used.json.code]).toEqual([409, "POOL_IN_USE"]);
    release();
    expect((await first).status).toBe(201);
    await remove((await first).json.sandbox_id as string);
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
