/* What a lease owns ends with it, and with nothing else. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { alive, descendants } from "../lifecycle/left-behind.ts";
import { createSandbox, serve, type Served, shell } from "./served.ts";

let served: Served;
beforeAll(async () => {
  served = await serve({ maxSandboxes: 8 });
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  await closeSandboxes();
});

const create = async (headers: Record<string, string> = {}) => await createSandbox(served, headers);

function isSleep(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, "latin1").trim() === "sleep";
  } catch {
    return false;
  }
}

describe("a lease", () => {
  it("that is not heard of takes everything with it, and one that is heard of keeps it", async () => {
    const open = async (ttlMs: number) =>
      (await served.call("POST", "/v1/leases", { body: { ttlMs } })).json.lease as string;
    // Starting the first interpreter takes its time.
    await served.call("DELETE", `/v1/sandboxes/${await create()}`);
    const [dying, living] = [await open(1000), await open(5000)];
    const beat = setInterval(() => void served.call("POST", `/v1/leases/${living}/heartbeat`), 200);
    const mine = await create({ "sameseed-lease": living });
    const before = new Set(descendants(process.pid).map(({ pid }) => pid));
    const own = { "sameseed-lease": dying };
    const sandboxes = await Promise.all([create(own), create(own)]);
    for (const sandbox of sandboxes)
      await served.call("POST", `/v1/sandboxes/${sandbox}/processes`, {
        body: shell("sleep 100 & sleep 100"),
      });
    const opened = descendants(process.pid).filter(({ pid }) => !before.has(pid));
    const since = performance.now();
    const isListed = async (): Promise<boolean> => {
      const listed = (await served.call("GET", "/v1/sandboxes")).bytes.toString();
      return sandboxes.some((sandbox) => listed.includes(sandbox));
    };
    // A sandbox is taken from the list first; what ran in it is waited for, within the same time.
    while ((await isListed()) || alive(opened).some((pid) => isSleep(pid)))
      await new Promise((resolve) => setTimeout(resolve, 10));
    // Stated: its time, and two seconds.
    expect(performance.now() - since).toBeLessThan(3000);
    for (const sandbox of sandboxes)
      expect((await served.call("GET", `/v1/sandboxes/${sandbox}`)).status).toBe(404);
    expect((await served.call("GET", `/v1/sandboxes/${mine}`)).status).toBe(200);
    clearInterval(beat);
    await served.call("DELETE", `/v1/leases/${living}`);
    // Slots stay warm for the next sandbox; what ran in those of the lease is gone.
    expect(opened.length).toBeGreaterThan(0);
    const sleeping = alive(opened).filter((pid) => isSleep(pid));
    expect(sleeping).toEqual([]);
    expect((await served.call("DELETE", `/v1/leases/${dying}`)).json.error.code).toBe("lease_ended");
    const refused = await served.call("POST", "/v1/sandboxes", { headers: { "sameseed-lease": dying } });
    expect([refused.status, refused.json.error.code]).toEqual([410, "lease_ended"]);
  });

  it("outlives a time in which the server itself stood still", async () => {
    const { lease } = (await served.call("POST", "/v1/leases", { body: { ttlMs: 500 } })).json;
    await new Promise((resolve) => setTimeout(resolve, 50));
    const until = performance.now() + 800;
    while (performance.now() < until);
    expect((await served.call("POST", `/v1/leases/${lease}/heartbeat`)).status).toBe(200);
    await served.call("DELETE", `/v1/leases/${lease}`);
  });

  it("of its own keeps a sandbox while a request is under way", async () => {
    await using other = await serve({ leaseMs: 1000 });
    const { sandbox } = (await other.call("POST", "/v1/sandboxes")).json;
    const { json } = await other.call("POST", `/v1/sandboxes/${sandbox}/run`, {
      body: shell("sleep 1.6; echo done"),
    });
    expect(json.stdout.text).toBe("done\n");
    await expect.poll(() => other.server.context.slots.used, { timeout: 4000 }).toBe(0);
  });
});
