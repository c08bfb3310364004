import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";

import { defaultImageName } from "../../src/image/default-image.ts";
import { resolveImage } from "../../src/image/image-store.ts";
import type { TrunkSandbox } from "../../src/sandbox/contract.ts";
import { childPids } from "../../src/sandbox/linux/processes.ts";
import { ZygoteBackend } from "../../src/sandbox/zygote/backend.ts";
import { openTree, talkTo, type Opened, type Talk } from "../trunks.ts";

/* What the kernel counts for a user of the host, a branch has for itself. */

let backend: ZygoteBackend;

beforeAll(() => void (backend = new ZygoteBackend(resolveImage(defaultImageName))));
afterAll(async () => await backend.close());

async function branch({ tree }: Opened): Promise<Talk> {
  return await talkTo((plan) => tree.trunk.branch(plan));
}

test("branches share no user of the host, where each sandbox has one, and have inside the name they had", async () => {
  const opened = await openTree(backend);
  await opened.trunk.ask("import os; open('/tmp/f', 'w').close(); os.chmod('/tmp/f', 0o600)");
  const checkpoint = await opened.tree.trunk.checkpoint();
  const second = await talkTo((plan) => checkpoint.resume(plan));
  const further = await talkTo((plan) => (second.sandbox as TrunkSandbox).branch(plan));
  const talks = [await branch(opened), await branch(opened), second, further];
  const seen =
    "import os; open('/tmp/f').close(); said = os.getresuid(), os.getresgid(), os.stat('/tmp/f').st_uid";
  for (const talk of [opened.trunk, ...talks])
    expect(await talk.ask(seen)).toBe("((1000, 1000, 1000), (1000, 1000, 1000), 1000)");
  const user = (pid: number): string =>
    /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))![1]!;
  const [slot] = childPids(backend.treePids[0]!);
  const [trunk] = childPids(slot!);
  const copies = childPids(trunk!);
  const busy = copies.filter((copy) => childPids(copy).length > 0);
  const branches = busy.flatMap(childPids);
  expect(busy.map(user)).toEqual(branches.map(user));
  // Of what the first trunk's copies go on as, one is a trunk, with a copy and its branch.
  const below = branches.flatMap(childPids).flatMap((copy) => [copy, ...childPids(copy)]);
  expect([branches.length, below.length]).toEqual([3, 2]);
  const users = new Set([trunk!, ...branches, ...below].map(user));
  const { ids } = (await backend.receipt()).wall.user;
  expect(users.size).toBe(ids === "own" ? 5 : 1);
  expect(user(slot!)).toBe(user(trunk!));
});
