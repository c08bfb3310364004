import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";

import { SameseedError } from "../../../../src/base/error.ts";
import { FolderObjects } from "../../../../src/store/objects/folder-objects.ts";
import type { ObjectStore } from "../../../../src/store/objects/object-store.ts";
import { isOutage } from "../../../../src/store/objects/patience.ts";
import { PatientObjects } from "../../../../src/store/objects/patient-objects.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-patient-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A folder that is full at every second thing asked of it, in lists after every second key. */
class FaultyObjects extends FolderObjects {
  #asked = 0;
  readonly #code: "disk_full" | "io_failed" | "run_damaged";

  constructor(root: string, code: "disk_full" | "io_failed" | "run_damaged") {
    super(root);
    this.#code = code;
  }

  override async get(key: string): Promise<Buffer | undefined> {
    this.#mayFail();
    return await super.get(key);
  }
  override async put(key: string, bytes: Uint8Array): Promise<void> {
    this.#mayFail();
    await super.put(key, bytes);
  }
  override async putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    this.#mayFail();
    return await super.putIfAbsent(key, bytes);
  }
  override async delete(key: string): Promise<void> {
    this.#mayFail();
    await super.delete(key);
  }
  override async *list(prefix: string): AsyncIterable<string> {
    for await (const key of super.list(prefix)) {
      this.#mayFail();
      yield key;
    }
  }
  override async sizeOf(key: string): Promise<number | undefined> {
    this.#mayFail();
    return await super.sizeOf(key);
  }
  override async putFile(key: string, path: string): Promise<void> {
    this.#mayFail();
    await super.putFile(key, path);
  }

  #mayFail(): void {
    if (++this.#asked % 2 === 1) throw new SameseedError(this.#code, `fault ${this.#asked}`);
  }
}

async function useAll(store: ObjectStore): Promise<unknown> {
  const [one, file] = [Buffer.from("one"), join(folder, "file")];
  writeFileSync(file, "two");
  await store.put("a/one", one);
  await store.putFile("a/two", file);
  return [
    await store.putIfAbsent("a/one", Buffer.from("other")),
    await store.get("a/one"),
    await store.get("a/none"),
    await store.has("a/two"),
    await store.sizeOf("a/two"),
    await store.getFile("a/two", join(folder, "got")),
    await store.delete("a/two"),
    await store.has("a/two"),
  ];
}

it("does what the store does, though it fails every second time, and says each outage once", async () => {
  const log: string[] = [];
  const how = { signal: new AbortController().signal, onLog: (line: string) => log.push(line) };
  const faulty = new PatientObjects(new FaultyObjects(join(folder, "faulty"), "disk_full"), how);
  expect(await useAll(faulty)).toEqual(await useAll(new FolderObjects(join(folder, "sound"))));
  expect(log.length).toBeGreaterThan(5);
  expect(new Set(log).size).toBe(log.length);
  log.length = 0;
  await Promise.all(Array.from({ length: 6 }, async () => await faulty.get("a/one")));
  expect(log).toHaveLength(1);
  expect(log[0]).toMatch(/^fault \d+; waiting for the store$/);
});

it("goes on with a list that breaks off, and gives every key once", async () => {
  const sound = new FolderObjects(join(folder, "keys"));
  const keys = Array.from({ length: 5 }, (_, at) => `k/${at}`);
  for (const key of keys) await sound.put(key, Buffer.from(key));
  let breaks = 0;
  class Breaking extends FolderObjects {
    override async *list(prefix: string): AsyncIterable<string> {
      let given = 0;
      for await (const key of super.list(prefix)) {
        if (given++ === breaks + 1 && breaks < 3) {
          breaks++;
          throw new SameseedError("io_failed", "away");
        }
        yield key;
      }
    }
  }
  const how = { signal: new AbortController().signal, onLog: () => {} };
  const listed = await Array.fromAsync(
    new PatientObjects(new Breaking(join(folder, "keys")), how).list("k/"),
  );
  expect(listed.toSorted()).toEqual(keys);
  expect(breaks).toBe(3);
});

it("takes for an outage what no wrong address can be the reason of", () => {
  const of = (code: "disk_full" | "io_failed" | "bad_argument", context = {}): boolean =>
    isOutage(new SameseedError(code, "x", { context }));
  expect([of("disk_full"), of("io_failed", { status: 503 })]).toEqual([true, true]);
  expect([of("io_failed", { status: 403 }), of("io_failed"), of("bad_argument")]).toEqual([
    false,
    false,
    false,
  ]);
});

it("waits for nothing that does not pass, nor for an aborted caller", async () => {
  const abort = new AbortController();
  const how = { signal: abort.signal, onLog: () => {} };
  const damaged = new PatientObjects(new FaultyObjects(join(folder, "damaged"), "run_damaged"), how);
  await expect(damaged.get("a/one")).rejects.toMatchObject({ code: "run_damaged" });
  abort.abort();
  const away = new PatientObjects(new FaultyObjects(join(folder, "damaged"), "io_failed"), how);
  await expect(away.get("a/one")).rejects.toMatchObject({ code: "io_failed" });
});
