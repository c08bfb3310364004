/* Hosts that give something that is no answer: it is refused wherever it comes from, and the work done elsewhere. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, it, vi } from "vitest";

import { packageVersion } from "../../../src/base/package-version.ts";
import { type Answer, answerFrame, leafOfAnswer } from "../../../src/fleet/answer.ts";
import { type Chunk, seedsOf } from "../../../src/fleet/chunk.ts";
import { commitChunk, recordsFolder } from "../../../src/fleet/commit.ts";
import { merkleRoot } from "../../../src/fleet/merkle.ts";
import { Fleet } from "../../../src/fleet/open-fleet.ts";
import { packHead, packInMemory, packKey } from "../../../src/fleet/pack.ts";
import { LocalDispatcher } from "../../../src/fleet/queue/local-dispatcher.ts";
import type { JsonValue } from "../../../src/model/json.ts";
import type { FleetAnswer, FleetWork } from "../../../src/rollout/rollout-fleet.ts";
import { FolderObjects } from "../../../src/store/objects/folder-objects.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-malformed-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const items = Array.from({ length: 6 }, (_, at) => ({ own: { at } }));
const [well, ill] = ["well", "ill"] as const;
let [store, notes, places]: [FolderObjects, string[], number] = [new FolderObjects(folder), [], 0];
beforeEach(() => {
  store = new FolderObjects(join(folder, String(places++)));
  notes = [];
});

interface TestHost {
  readonly host: string;
  readonly says: JsonValue;
  readonly before?: () => Promise<void>;
}

/** Writes what a host says of the items of a chunk. */
async function answer({ host, says }: TestHost, { spec, seeds }: Chunk): Promise<void> {
  const answers: Answer[] = [...seedsOf(seeds)].map((at) => ({ at, answer: says }));
  const bytes = Buffer.concat([packHead(answers.length), ...answers.map(answerFrame)]);
  const { digest } = packInMemory(bytes);
  const pack = { key: packKey(spec, digest), digest, bytes: bytes.length };
  await store.put(pack.key, bytes);
  const root = merkleRoot(answers.map((own) => leafOfAnswer("scores", spec, own)));
  const own = { format: 1, spec, seeds, root, host, worker: `${host}-1`, pack } as const;
  await commitChunk(store, { ...own, numbers: "c", wallMs: 1, at: "" });
}

/** Asks these hosts for the answers of all items. */
async function ask(hosts: readonly TestHost[], isAnswer: FleetWork["isAnswer"]): Promise<FleetAnswer[]> {
  const dispatcher = new LocalDispatcher();
  for (const own of hosts) {
    const { host } = own;
    const note = { id: `${host}-1`, host, hostClass: "c", lanes: 1, slots: 1, store: store.url };
    dispatcher.serve({
      note: { ...note, version: packageVersion() },
      images: () => [],
      work: async (chunk) => {
        await own.before?.();
        await answer(own, chunk);
        return { root: "", host };
      },
    });
  }
  const onNote = (line: string): void => void notes.push(line);
  const fleet = new Fleet(async () => dispatcher, { weight: 1, priority: 0, audit: 0, onNote });
  const wanted = items.map((_, at) => at);
  const work = { kind: "scores", title: "", items, wanted, images: {}, isAnswer } as const;
  return (await Array.fromAsync(fleet.answers(work))).toSorted((a, b) => a.at - b.at);
}

const isWell: FleetWork["isAnswer"] = (given) => given === well;
const allWell = items.map((_, at) => ({ at, answer: well }));
const refused = "a host of the fleet gave something that is no score";

/** What the store has of the one work there is. */
async function recorded(): Promise<string[]> {
  const [spec = ""] = await Array.fromAsync(store.list("specs/"));
  return await Array.fromAsync(store.list(recordsFolder(spec.slice("specs/".length, -".json".length))));
}

it("does elsewhere what a host gave no answer to, and gives that host nothing more", async () => {
  let isGiven = false;
  const odd = { host: "odd", says: ill, before: async (): Promise<void> => void (isGiven = true) };
  const before = async (): Promise<void> => {
    // Else this host may have done everything before the other one said anything.
    await vi.waitFor(() => expect(isGiven).toBe(true), { timeout: 20_000, interval: 10 });
  };
  expect(await ask([odd, { host: "b", says: well, before }], isWell)).toEqual(allWell);
  expect(notes).toContain(`host odd is given nothing more of this batch: ${refused}`);
  expect(notes).toContain(`${refused} (host odd); it is run again`);
});

it("ends where no host gives an answer, and leaves nothing that would end a later call", async () => {
  const odd = { host: "odd", says: ill };
  await expect(ask([odd], isWell)).rejects.toMatchObject({ code: "protocol_broken" });
  const looked = ask([{ host: "b", says: well }], isWell);
  expect(await looked).toEqual(allWell);
});

it("takes none from the store, whoever has left it there", async () => {
  await ask([{ host: "old", says: ill }], () => true);
  expect((await recorded()).length).toBeGreaterThan(0);
  expect(await ask([{ host: "b", says: well }], isWell)).toEqual(allWell);
  expect(notes).toContain(`host old is given nothing more of this batch: ${refused}`);
});

it("refuses answers to items that the work does not have", async () => {
  let isLooked = false;
  const isAnswer: FleetWork["isAnswer"] = (_, at) => {
    isLooked ||= at >= items.length;
    return true;
  };
  await ask([{ host: "b", says: well }], isAnswer);
  const [spec = ""] = await Array.fromAsync(store.list("specs/"));
  for (const key of await recorded()) await store.delete(key);
  const seeds = [[4, 3]] as const;
  const chunk = {
    v: 1,
    id: "i",
    batch: "b",
    spec: spec.slice("specs/".length, -".json".length),
    seeds,
  } as const;
  await answer({ host: "odd", says: ill }, { ...chunk, purpose: "run" });
  expect(await ask([{ host: "b", says: well }], isAnswer)).toEqual(allWell);
  expect(isLooked).toBe(false);
});
