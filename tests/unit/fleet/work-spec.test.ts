/* Work that is no rollout, on its way through a store. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";

import { type Answer, answerFrame, leafOfAnswer } from "../../../src/fleet/answer.ts";
import { recordKey } from "../../../src/fleet/commit.ts";
import { answerChunks } from "../../../src/fleet/drive/batch-kind.ts";
import { merkleRoot } from "../../../src/fleet/merkle.ts";
import { framesOf, packHead, packInMemory, packKey } from "../../../src/fleet/pack.ts";
import { decodeAnySpec, encodeWork, publishWork, readItems } from "../../../src/fleet/work-spec.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import { FolderObjects } from "../../../src/store/objects/folder-objects.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-work-"));
const { SAMESEED_HOME } = process.env;
process.env["SAMESEED_HOME"] = join(folder, "home");
afterAll(() => {
  if (SAMESEED_HOME === undefined) delete process.env["SAMESEED_HOME"];
  else process.env["SAMESEED_HOME"] = SAMESEED_HOME;
  rmSync(folder, { recursive: true, force: true });
});

/** How many files on their way to or from a store are on the disk. */
function spooled(): number {
  const spool = join(folder, "home/spool");
  return existsSync(spool)
    ? readdirSync(spool, { recursive: true }).filter((name) => String(name).endsWith("pack")).length
    : 0;
}

const shared = { tests: [-0, "x"] };
const items = Array.from({ length: 300 }, (_, at) => ({ own: { at }, ...(at === 7 ? {} : { shared }) }));
const images = { gymnasium: "1".repeat(64) };

it("gives a host the items that it asks for, and what they share, bit by bit", async () => {
  const store = new FolderObjects(join(folder, "items"));
  const parts = await publishWork(store, { items, images });
  expect(parts.map(([, count]) => count)).toEqual([128, 128, 44]);
  // What 299 items share is there once.
  expect(await Array.fromAsync(store.list("work/"))).toHaveLength(4);
  const { bytes, hash } = encodeWork({ kind: "scores", images }, parts, "c");
  const spec = decodeAnySpec(bytes, hash);
  if (!("kind" in spec)) throw new Error("it is read as rollouts");
  const found = await readItems(store, spec, [7, 130, 299]);
  expect(found).toEqual([
    { at: 7, own: { at: 7 }, shared: null },
    { at: 130, own: { at: 130 }, shared },
    { at: 299, own: { at: 299 }, shared },
  ]);
  expect(Object.is((found[1]!.shared as JsonObject & typeof shared).tests[0], -0)).toBe(true);
  await expect(readItems(store, spec, [300])).rejects.toMatchObject({ code: "protocol_broken" });
  await store.put(`work/${parts[0]![0]}.json`, Buffer.from("[]"));
  await expect(readItems(store, spec, [7])).rejects.toMatchObject({ code: "io_failed" });
});

it("writes each item once, and begins another part where one is long", async () => {
  const store = new FolderObjects(join(folder, "long"));
  let looks = 0;
  const long = ["x".repeat(2 ** 20), -0, null];
  const looked = {
    get own(): number {
      return ++looks;
    },
  };
  const parts = await publishWork(store, { items: [{ own: { long } }, { own: { looked } }], images });
  expect(parts.map(([, count]) => count)).toEqual([1, 1]);
  expect(looks).toBe(1);
  const { bytes, hash } = encodeWork({ kind: "scores", images }, parts, "c");
  const spec = decodeAnySpec(bytes, hash);
  if (!("kind" in spec)) throw new Error("it is read as rollouts");
  const [first, second] = await readItems(store, spec, [0, 1]);
  expect(first!.own).toEqual({ long });
  expect(second!.own).toEqual({ looked: { own: 1 } });
});

it("is the same work for the same items, unless the call is to have its own", () => {
  const parts = [["2".repeat(64), 1]] as const;
  const [one, two, own] = [undefined, undefined, "call"].map(
    (call) =>
      encodeWork({ kind: "audits", images, ...(call === undefined ? {} : { call }) }, parts, "c").hash,
  );
  expect(one).toBe(two);
  expect(own).not.toBe(one);
  const { bytes, hash } = encodeWork({ kind: "audits", images }, parts, "c");
  const other = Buffer.from(bytes.toString().replace('"hostClass":"c"', '"hostClass":"d"'));
  expect(() => decodeAnySpec(other, hash)).toThrow(/has other bytes/);
  expect(() => decodeAnySpec(bytes.subarray(1), hash)).toThrow(/has other bytes/);
});

it("takes answers that are what their record says, and no others", async () => {
  const store = new FolderObjects(join(folder, "answers"));
  const spec = "5".repeat(64);
  const seeds = [[3, 2]] as const;
  const answers: Answer[] = [3, 4].map((at) => ({ at, answer: { digest: `d${at}`, tests: [] } }));
  const write = async (given: readonly Answer[], root = given): Promise<Parameters<typeof kind.read>[1]> => {
    const bytes = Buffer.concat([packHead(given.length), ...given.map(answerFrame)]);
    const { digest } = packInMemory(bytes);
    const pack = { key: packKey(spec, digest), digest, bytes: bytes.length };
    await store.put(pack.key, bytes);
    return { spec, seeds, pack, root: merkleRoot(root.map((own) => leafOfAnswer("scores", spec, own))) };
  };
  const kind = answerChunks({ kind: "scores", items, isAnswer: () => true }, () => {});
  const key = recordKey({ spec, seeds });
  using read = await kind.read(store, await write(answers), key);
  expect([...read]).toEqual(answers);
  const refused = async (record: Parameters<typeof kind.read>[1], where = key): Promise<void> =>
    await expect(kind.read(store, record, where)).rejects.toMatchObject({ code: "run_damaged" });
  await refused(await write(answers), recordKey({ spec, seeds: [[4, 2]] }));
  await refused(await write(answers.slice(0, 1)));
  await refused(await write(answers.toReversed()));
  await refused(await write(answers, [answers[0]!, { at: 4, answer: { digest: "other", tests: [] } }]));
});

it("reads answers of a large pack from a file, finds the same, and leaves no file", async () => {
  const spec = "6".repeat(64);
  const seeds = [[3, 2]] as const;
  const answers: Answer[] = [3, 4].map((at) => ({
    at,
    answer: { digest: `d${at}`, stdout: "é".repeat(70_000) },
  }));
  const bytes = Buffer.concat([packHead(2), ...answers.map(answerFrame)]);
  const { digest } = packInMemory(bytes);
  const pack = { key: packKey(spec, digest), digest, bytes: bytes.length };
  const root = merkleRoot(answers.map((own) => leafOfAnswer("scores", spec, own)));
  /** A store that gives no pack into memory. */
  const store = new (class extends FolderObjects {
    override async get(key: string): Promise<Buffer | undefined> {
      if (key === pack.key) throw new Error("a large pack is read into memory");
      return await super.get(key);
    }
  })(join(folder, "large"));
  await store.put(pack.key, bytes);
  const key = recordKey({ spec, seeds });
  const kind = answerChunks({ kind: "scores", items, isAnswer: () => true }, () => {}, bytes.length - 1);
  {
    using read = await kind.read(store, { spec, seeds, pack, root }, key);
    expect(read.count).toBe(2);
    expect([...read]).toEqual(answers);
    expect([...read]).toEqual(answers);
    expect(spooled()).toBe(1);
  }
  expect(spooled()).toBe(0);
  const refused = async (record: Partial<Parameters<typeof kind.read>[1]>): Promise<void> => {
    await expect(kind.read(store, { spec, seeds, pack, root, ...record }, key)).rejects.toMatchObject({
      code: "run_damaged",
    });
    expect(spooled()).toBe(0);
  };
  await refused({ root: "0".repeat(64) });
  await refused({ pack: { ...pack, digest: "0".repeat(64) } });
  // A host that names a small size has nothing read into memory either.
  await refused({ pack: { ...pack, bytes: 1 } });
  const picky = answerChunks({ kind: "scores", items, isAnswer: (_, at) => at === 3 }, () => {}, 0);
  await expect(picky.read(store, { spec, seeds, pack, root }, key)).rejects.toMatchObject({
    code: "protocol_broken",
  });
  expect(spooled()).toBe(0);
});

it("refuses a frame that is larger than it may be before it is read", () => {
  const frame = answerFrame({ at: 0, answer: { long: "x".repeat(1000) } });
  const bytes = Buffer.concat([packHead(1), frame]);
  const reads: number[] = [];
  const own = {
    ...packInMemory(bytes),
    read: (at: number, length: number) => (reads.push(length), bytes.subarray(at, at + length)),
  };
  expect([...framesOf(own, frame.length - 8)]).toHaveLength(1);
  reads.length = 0;
  expect(() => [...framesOf(own, frame.length - 9)]).toThrow(/one of its items has 10\d\d bytes/);
  expect(Math.max(...reads)).toBe(12);
});

it("lets no limit of time speak for or against a host", () => {
  const spec = "5".repeat(64);
  const timed = (digest: string): Answer => ({
    at: 1,
    answer: { digest, tests: [{ verdict: "time_limit_cpu" }] },
  });
  const leaf = (own: Answer): string => leafOfAnswer("scores", spec, own).toString("hex");
  expect(leaf(timed("a"))).toBe(leaf(timed("b")));
  const settled = (digest: string): Answer => ({ at: 1, answer: { digest, tests: [] } });
  expect(leaf(settled("a"))).not.toBe(leaf(settled("b")));
  // The digest is the host's own word about the rest.
  const bent: Answer = { at: 1, answer: { digest: "a", score: 1, tests: [] } };
  expect(leaf(bent)).not.toBe(leaf(settled("a")));
});
