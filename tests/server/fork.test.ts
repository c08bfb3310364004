/* Copies of sandboxes: their files, once for a key, each settled by itself. */
import { afterAll, beforeAll, expect, it } from "vitest";

import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { type Answer, createSandbox, serve, type Served } from "./served.ts";

let served: Served;
beforeAll(async () => {
  served = await serve({ maxSandboxes: 8 });
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  await closeSandboxes();
});

const create = async (): Promise<string> => await createSandbox(served);
const fork = async (sandbox: string, body: object, headers = {}): Promise<Answer> =>
  await served.call("POST", `/v1/sandboxes/${sandbox}/fork`, { body, headers });

it("copies the files into fresh sandboxes, once for a key, and tells the lineage", async () => {
  const parent = await create();
  await served.call("PUT", `/v1/sandboxes/${parent}/files?path=a/b&mode=755`, {
    body: Buffer.from([0, 255]),
  });
  const headers = { "idempotency-key": "fork-1" };
  const [first, again] = await Promise.all([1, 2].map(async () => await fork(parent, { count: 2 }, headers)));
  expect(first!.status).toBe(201);
  expect(again!.bytes.equals(first!.bytes)).toBe(true);
  const children = (first!.json as { sandbox: { sandbox: string; lineage: string[] } }[]).map(
    ({ sandbox }) => sandbox,
  );
  expect(children.map(({ lineage }) => lineage)).toEqual([[parent], [parent]]);
  const [one, other] = children.map(({ sandbox }) => sandbox);
  // A copy is of the moment: neither its parent nor its siblings see what becomes of it.
  await served.call("PUT", `/v1/sandboxes/${one}/files?path=a/b`, { body: Buffer.from("changed") });
  for (const sandbox of [parent, other!]) {
    const { bytes } = await served.call("GET", `/v1/sandboxes/${sandbox}/files?path=a/b`);
    expect([...bytes]).toEqual([0, 255]);
  }
  // At the address without a version it is the same, and also once for a key.
  const short = async (): Promise<Answer> =>
    await served.call("POST", `/sandboxes/${one}/fork`, { body: {}, headers: { "idempotency-key": "f" } });
  const { json } = await short();
  expect((await short()).json).toEqual(json);
  const [{ sandbox: grandchild }] = json as [{ sandbox: { sandbox: string } }];
  expect((await served.call("GET", `/v1/sandboxes/${grandchild.sandbox}`)).json.lineage).toEqual([
    parent,
    one,
  ]);
  const run = { body: { command: "cat", args: ["a/b"] } };
  expect((await served.call("POST", `/v1/sandboxes/${grandchild.sandbox}/run`, run)).json.stdout.text).toBe(
    "changed",
  );
  const all = ((await served.call("GET", "/v1/sandboxes")).json.sandboxes as { sandbox: string }[]).map(
    (s) => s.sandbox,
  );
  expect(new Set(all)).toEqual(new Set([parent, one, other, grandchild.sandbox]));
  for (const sandbox of all) await served.call("DELETE", `/v1/sandboxes/${sandbox}`);
});

it("refuses while processes are alive, and settles each child by itself", async () => {
  const parent = await create();
  await served.call("POST", `/v1/sandboxes/${parent}/processes`, { body: { command: "cat" } });
  const refused = await fork(parent, { count: 2 });
  expect([refused.status, refused.json.error.code]).toEqual([409, "not_copyable"]);
  expect(refused.json.error.hint).toContain("end them");
  await served.call("POST", `/v1/sandboxes/${parent}/processes/p1/stdin?close=true`);
  await served.call("GET", `/v1/sandboxes/${parent}/processes/p1?waitMs=10000`);
  for (const count of [0, 101, "2"]) expect((await fork(parent, { count })).status).toBe(400);
  expect((await fork("nobody", {})).status).toBe(404);
  const { total, used } = served.server.context.slots;
  const { json } = await fork(parent, { count: total - used + 2 }, { "sameseed-queue-ms": "0" });
  const kinds = (json as { sandbox?: object; error?: { code: string } }[]).map(({ error }) => error?.code);
  expect(kinds.filter((code) => code === undefined)).toHaveLength(total - used);
  expect(kinds.filter((code) => code === "server_full")).toHaveLength(2);
  for (const { sandbox } of (await served.call("GET", "/v1/sandboxes")).json.sandboxes as {
    sandbox: string;
  }[])
    await served.call("DELETE", `/v1/sandboxes/${sandbox}`);
  expect(served.server.context.slots.used).toBe(0);
});

it("closes a copy without its parent, where both are of the lease that was made for the parent", async () => {
  const parent = await create();
  const { lease } = (await served.call("GET", `/v1/sandboxes/${parent}`)).json as { lease: string };
  const [{ sandbox: child }] = (await fork(parent, {}, { "sameseed-lease": lease })).json as [
    { sandbox: { sandbox: string } },
  ];
  await served.call("DELETE", `/v1/sandboxes/${child.sandbox}`);
  const run = { body: { command: "echo", args: ["alive"] } };
  expect((await served.call("POST", `/v1/sandboxes/${parent}/run`, run)).json.stdout.text).toBe("alive\n");
  await served.call("DELETE", `/v1/sandboxes/${parent}`);
  // With the last of them the lease is over.
  await expect.poll(() => served.server.context.leases.size).toBe(0);
});

it("keeps no answer for a key where there was room for no copy", async () => {
  const parent = await create();
  const { slots } = served.server.context;
  const release = await slots.acquire(slots.total - slots.used, { queueMs: 0 });
  const headers = { "idempotency-key": "no-room", "sameseed-queue-ms": "0" };
  const refused = await fork(parent, { count: 2 }, headers);
  expect([refused.status, refused.json.error.code]).toEqual([429, "server_full"]);
  release();
  const { status, json } = await fork(parent, { count: 2 }, headers);
  const children = (json as { sandbox: { sandbox: string } }[]).map(({ sandbox }) => sandbox.sandbox);
  expect([status, children.length]).toEqual([201, 2]);
  for (const sandbox of [parent, ...children]) await served.call("DELETE", `/v1/sandboxes/${sandbox}`);
});
