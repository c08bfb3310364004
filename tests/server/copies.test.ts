/* Copies of files that wait for room wait in files, and belong to somebody from their first byte on. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { defaultImageName } from "../../src/image/default-image.ts";
import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { Snapshots } from "../../src/server/doors/tensorlake/snapshots.ts";
import type { Machine } from "../../src/server/doors/tensorlake/machines.ts";
import { Spool } from "../../src/server/spool.ts";
import { createSandbox, serve, type Served } from "./served.ts";

const fileBytes = 8 * 1024 * 1024;

let served: Served;
beforeAll(async () => {
  served = await serve({ maxSandboxes: 2, leaseMs: 5000 });
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  await closeSandboxes();
});

const patience = { queueMs: 10_000 };
const create = async (): Promise<string> => {
  const sandbox = await createSandbox(served);
  const path = `/v1/sandboxes/${sandbox}/files?path=large`;
  await served.call("PUT", path, { body: Buffer.alloc(fileBytes, 7) });
  return sandbox;
};
const remove = async (sandbox: string): Promise<unknown> =>
  await served.call("DELETE", `/v1/sandboxes/${sandbox}`);

describe("a copy of files", () => {
  it("waits for room in a file, which is read when there is some and gone when it is made", async () => {
    const { spool, slots } = served.server.context;
    const [parent, other] = [await create(), await createSandbox(served)];
    const fork = served.call("POST", `/v1/sandboxes/${parent}/fork`, { body: { count: 1 } });
    await expect.poll(() => slots.waiting, { timeout: 10_000 }).toBe(1);
    expect(spool.bytes).toBeGreaterThan(fileBytes);
    // Nothing of it has a name that another could open.
    expect(readdirSync(served.server.context.options.spool)).toEqual([]);
    await remove(other);
    const [{ sandbox: child }] = (await fork).json as [{ sandbox: { sandbox: string } }];
    const { bytes } = await served.call("GET", `/v1/sandboxes/${child.sandbox}/files?path=large`);
    expect(bytes.equals(Buffer.alloc(fileBytes, 7))).toBe(true);
    await expect.poll(() => spool.bytes, { timeout: 10_000 }).toBe(0);
    for (const sandbox of [parent, child.sandbox]) await remove(sandbox);
  });

  it("that its client no longer waits for is not kept", async () => {
    const { spool, slots } = served.server.context;
    const [parent, other] = [await create(), await createSandbox(served)];
    const leaving = new AbortController();
    const fork = fetch(`http://127.0.0.1:${served.port}/v1/sandboxes/${parent}/fork`, {
      method: "POST",
      body: "{}",
      signal: leaving.signal,
    }).catch(() => {});
    await expect.poll(() => slots.waiting, { timeout: 10_000 }).toBe(1);
    leaving.abort();
    await fork;
    await expect.poll(() => [slots.waiting, spool.bytes], { timeout: 10_000 }).toEqual([0, 0]);
    for (const sandbox of [parent, other]) await remove(sandbox);
  });

  it("is its lease's while it is made: nothing is left when that ends", async () => {
    const { sandboxes, leases, slots } = served.server.context;
    const lease = leases.open(60_000, true);
    const asked = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    async function* never(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(512);
      asked.resolve();
      await ended.promise;
    }
    const origin = { files: { read: never }, lineage: [] };
    const making = sandboxes.create({ image: defaultImageName }, () => lease, patience, origin);
    making.catch(() => {});
    await asked.promise;
    expect([slots.used, lease.size]).toEqual([1, 1]);
    await lease.end();
    expect(slots.used).toBe(0);
    ended.resolve();
    await expect(making).rejects.toMatchObject({ code: "lease_ended" });
    expect(sandboxes.all).toEqual([]);
  });

  it("that cannot be made leaves nothing", async () => {
    const { sandboxes, leases, slots } = served.server.context;
    async function* noArchive(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(Buffer.alloc(2048, 7));
    }
    const origin = { files: { read: noArchive }, lineage: [] };
    const before = leases.size;
    await expect(
      sandboxes.create({ image: defaultImageName }, () => undefined, patience, origin),
    ).rejects.toMatchObject({ code: "sandbox_file" });
    expect(slots.used).toBe(0);
    await expect.poll(() => leases.size).toBe(before);
  });
});

describe("a spool", () => {
  it("takes so many bytes and no more, and sweeps what a server left that was killed", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sameseed-spool-"));
    try {
      const spool = new Spool(folder, 10);
      const used = await spool.open();
      used.write(Buffer.from("12345678"));
      const more = await spool.open();
      more.write(Buffer.from("123"));
      await expect(more.written()).rejects.toMatchObject({ code: "disk_full" });
      await more.close();
      writeFileSync(join(folder, "left.spool"), "x");
      writeFileSync(join(folder, "another"), "x");
      new Spool(folder).sweep();
      expect(existsSync(join(folder, "left.spool"))).toBe(false);
      expect(existsSync(join(folder, "another"))).toBe(true);
      await used.written();
      const reading = used.read();
      const first = await reading.next();
      // Who reads it keeps it.
      await used.close();
      expect([String(first.value), spool.bytes]).toEqual(["12345678", 8]);
      await reading.next();
      expect(spool.bytes).toBe(0);
      await expect(used.read().next()).rejects.toMatchObject({ code: "not_found" });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe("a spool that cannot be swept", () => {
  it("throws nothing, and says why no file can be made when one is asked for", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sameseed-spool-"));
    try {
      mkdirSync(join(folder, "a.spool"));
      writeFileSync(join(folder, "b.spool"), "x");
      const failures: unknown[] = [];
      new Spool(folder).sweep((error) => failures.push(error));
      expect([failures.length, readdirSync(folder)]).toEqual([1, ["a.spool"]]);
      writeFileSync(join(folder, "file"), "x");
      const nowhere = new Spool(join(folder, "file", "spool"));
      nowhere.sweep((error) => failures.push(error));
      expect(failures).toHaveLength(2);
      await expect(nowhere.open()).rejects.toMatchObject({ code: "io_failed" });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe("a snapshot", () => {
  it("is found by its owner alone, and forgotten when nobody has named it for its time", async () => {
    const { sandboxes, spool } = served.server.context;
    const sandbox = await create();
    const machine = { id: "m", served: sandboxes.find(sandbox), request: {} } as unknown as Machine;
    const snapshots = new Snapshots(sandboxes, 400);
    const { id } = await snapshots.take(machine, "mine");
    expect([snapshots.of("mine").length, snapshots.of("other").length]).toEqual([1, 0]);
    expect(() => snapshots.find(id, "other")).toThrow(expect.objectContaining({ code: "not_found" }));
    await expect(snapshots.delete(id, "other")).rejects.toMatchObject({ code: "not_found" });
    const until = performance.now() + 800;
    while (performance.now() < until) {
      snapshots.find(id, "mine");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(spool.bytes).toBeGreaterThan(0);
    await expect.poll(() => [snapshots.of("mine").length, spool.bytes]).toEqual([0, 0]);
    await remove(sandbox);
  });
});
