import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";

import { SameseedError } from "../../../src/base/error.ts";
import {
  addOpinion,
  type ChunkRecord,
  commitChunk,
  readOpinions,
  readRecord,
  recordKey,
} from "../../../src/fleet/commit.ts";
import { FolderObjects } from "../../../src/store/objects/folder-objects.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-commit-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const one = "1".repeat(64);
const common = {
  format: 1,
  spec: "5".repeat(64),
  seeds: [[1, 1]],
  root: one,
  host: "a",
  worker: "a-1",
} as const;
const pack = { key: "p", digest: one, bytes: 1 };
const record: ChunkRecord = { ...common, pack, numbers: "c", wallMs: 1, at: "" };

/** A store that finds out itself, as one on S3 does, that an object is not what was written; until it is written anew. */
class Digesting extends FolderObjects {
  readonly damaged = new Set<string>();
  code: "run_damaged" | "io_failed" = "run_damaged";

  override async get(key: string): Promise<Buffer | undefined> {
    if (this.damaged.has(key)) throw new SameseedError(this.code, "its bytes have another digest");
    return await super.get(key);
  }
  override async put(key: string, bytes: Uint8Array): Promise<void> {
    await super.put(key, bytes);
    this.damaged.delete(key);
  }
}

it("takes a record that is damaged for none, and writes another over it", async () => {
  const store = new Digesting(join(folder, "record"));
  const key = recordKey(record);
  expect(await commitChunk(store, record)).toBeUndefined();
  store.damaged.add(key);
  expect(await readRecord(store, key)).toBeUndefined();
  expect(await commitChunk(store, { ...record, worker: "a-2" })).toBeUndefined();
  expect(await readRecord(store, key)).toMatchObject({ worker: "a-2" });

  await store.put(key, Buffer.from("{"));
  expect(await readRecord(store, key)).toBeUndefined();
});

it("leaves out an opinion that is damaged, and hides no store that fails", async () => {
  const store = new Digesting(join(folder, "opinions"));
  for (const worker of ["b-1", "c-1"]) await addOpinion(store, { ...common, worker, why: "audit" });
  const keys = await Array.fromAsync(store.list(""));
  store.damaged.add(keys.find((key) => key.includes("b-1"))!);
  expect(await readOpinions(store, record)).toMatchObject([{ worker: "c-1" }]);
  store.code = "io_failed";
  await expect(readOpinions(store, record)).rejects.toMatchObject({ code: "io_failed" });
});
