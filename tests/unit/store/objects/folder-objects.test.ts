import { mkdtempSync, readdirSync, rmSync, writeFileSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";

import { openObjects } from "../../../../src/store/objects/open-objects.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-objects-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const store = await openObjects(`folder:${join(folder, "store")}`);

async function listed(prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of store.list(prefix)) keys.push(key);
  return keys.sort();
}

it("keeps bytes under keys, and has none where there are none", async () => {
  expect(await store.get("a/b/c.json")).toBeUndefined();
  expect(await store.has("a/b/c.json")).toBe(false);
  await store.put("a/b/c.json", Buffer.from("one"));
  await store.put("a/b/c.json", Buffer.from("two"));
  expect((await store.get("a/b/c.json"))?.toString()).toBe("two");
  await store.put("a/d", Buffer.from(""));
  expect(await listed("a/")).toEqual(["a/b/c.json", "a/d"]);
  expect(await listed("nothing/")).toEqual([]);
  await store.delete("a/d");
  await store.delete("a/d");
  expect(await listed("a/")).toEqual(["a/b/c.json"]);
});

it("writes once what must not be there yet, also where many try", async () => {
  const tries = Array.from(
    { length: 20 },
    async (_, at) => await store.putIfAbsent("once/x", Buffer.from(`${at}`)),
  );
  const results = await Promise.all(tries);
  expect(results.filter(Boolean)).toHaveLength(1);
  expect((await store.get("once/x"))?.toString()).toBe(String(results.indexOf(true)));
  expect(readdirSync(join(folder, "store/once"))).toEqual(["x"]);
});

it("moves files in and out", async () => {
  const [source, target] = [join(folder, "in"), join(folder, "out")];
  writeFileSync(source, "an image");
  await store.putFile("images/x", source);
  expect(await store.getFile("images/x", target)).toBe(true);
  expect(readFileSync(target, "utf8")).toBe("an image");
  expect(await store.getFile("images/y", target)).toBe(false);
});

it.each(["", "/etc/passwd", "../x", "a/../b", "a//b", "a/.b", ".", "a b", "a/", "a\0b", "x".repeat(600)])(
  "refuses the key %j",
  async (key) => {
    await expect(store.put(key, Buffer.from(""))).rejects.toThrow(/not the key/);
    await expect(store.get(key)).rejects.toThrow(/not the key/);
  },
);

it("refuses a store of a kind that it does not know", async () => {
  await expect(openObjects("gopher://x")).rejects.toMatchObject({ code: "bad_argument" });
});
