import { mkdtempSync, readFileSync, rmSync, writeFileSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

import type { ObjectStore } from "../../src/store/objects/object-store.ts";

/** Every key that begins with a prefix, sorted. */
export async function listed(store: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of store.list(prefix)) keys.push(key);
  return keys.sort();
}

/** What every store of objects promises. @param inTurn whether its server cannot decide between many that write at once */
export function describeObjects(
  name: string,
  open: () => Promise<ObjectStore>,
  { fileBytes, inTurn = false }: { readonly fileBytes: number; readonly inTurn?: boolean },
): void {
  describe(`objects in ${name}`, () => {
    const opening = open();
    opening.catch(() => {});
    afterAll(async () => (await opening).close());
    testKeys(opening, inTurn);
    testFiles(opening, fileBytes);
    const badKeys = ["", "/etc/passwd", "../x", "a/../b", "a//b", "a/.b", ".", "a b", "a/", "a\0b"];
    it.each([...badKeys, "x".repeat(600)])("refuses the key %j", async (key) => {
      const store = await opening;
      await expect(store.put(key, Buffer.from(""))).rejects.toThrow(/not the key/);
      await expect(store.get(key)).rejects.toThrow(/not the key/);
    });
  });
}

function testKeys(opening: Promise<ObjectStore>, inTurn: boolean): void {
  it("keeps bytes under keys, and has none where there are none", async () => {
    const store = await opening;
    expect(await store.get("a/b/c.json")).toBeUndefined();
    expect(await store.has("a/b/c.json")).toBe(false);
    await store.put("a/b/c.json", Buffer.from("one"));
    await store.put("a/b/c.json", Buffer.from("two"));
    expect((await store.get("a/b/c.json"))?.toString()).toBe("two");
    expect(await store.has("a/b/c.json")).toBe(true);
    expect(await store.sizeOf("a/b/c.json")).toBe(3);
    expect(await store.sizeOf("a/b")).toBeUndefined();
    await store.put("a/d", Buffer.from(""));
    expect(await store.get("a/d")).toEqual(Buffer.from(""));
    expect(await listed(store, "a/")).toEqual(["a/b/c.json", "a/d"]);
    expect(await listed(store, "")).toEqual(["a/b/c.json", "a/d"]);
    expect(await listed(store, "nothing/")).toEqual([]);
    await store.delete("a/d");
    await store.delete("a/d");
    expect(await listed(store, "a/")).toEqual(["a/b/c.json"]);
  });

  it("keeps every byte", async () => {
    const store = await opening;
    const all = Buffer.from(Array.from({ length: 70_000 }, (_, at) => (at * 31 + (at >> 8)) & 255));
    await store.put("bytes/all", all);
    expect((await store.get("bytes/all"))?.equals(all)).toBe(true);
  });

  it("writes once what must not be there yet, also where many try", async () => {
    const store = await opening;
    const results: boolean[] = [];
    const tryOnce = async (at: number): Promise<void> => {
      results[at] = await store.putIfAbsent("once/x", Buffer.from(`${at}`));
    };
    if (inTurn) for (let at = 0; at < 20; at++) await tryOnce(at);
    else await Promise.all(Array.from({ length: 20 }, async (_, at) => await tryOnce(at)));
    expect(results.filter(Boolean)).toHaveLength(1);
    expect((await store.get("once/x"))?.toString()).toBe(String(results.indexOf(true)));
    expect(await listed(store, "once/")).toEqual(["once/x"]);
  });

  it("lists more keys than one page has", async () => {
    const store = await opening;
    const keys = Array.from({ length: 35 }, (_, at) => `many/${at % 7}/${at}`);
    await Promise.all(keys.map(async (key) => await store.put(key, Buffer.from(key))));
    expect(await listed(store, "many/")).toEqual(keys.toSorted());
  });
}

function testFiles(opening: Promise<ObjectStore>, fileBytes: number): void {
  const folder = mkdtempSync(join(tmpdir(), "sameseed-objects-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("moves files in and out, empty and large ones too", async () => {
    const store = await opening;
    const [source, target] = [join(folder, "in"), join(folder, "out")];
    for (const size of [0, 9, fileBytes]) {
      const bytes = Buffer.alloc(size, "an image");
      writeFileSync(source, bytes);
      await store.putFile("images/x", source);
      expect(await store.getFile("images/x", target)).toBe(true);
      expect(readFileSync(target).equals(bytes)).toBe(true);
    }
    expect((await store.get("images/x"))?.length).toBe(fileBytes);
    rmSync(target);
    expect(await store.getFile("images/y", target)).toBe(false);
    expect(existsSync(target)).toBe(false);
  });

  it("says which file of this machine's cannot be read or written", async () => {
    const store = await opening;
    const missing = join(folder, "no", "such");
    await expect(store.putFile("images/z", missing)).rejects.toMatchObject({ code: "io_failed" });
    await store.put("images/z", Buffer.from("z"));
    await expect(store.getFile("images/z", missing)).rejects.toMatchObject({ code: "io_failed" });
  });
}
