import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";

import { defaultImageName } from "../../src/image/default-image.ts";
import { resolveImage } from "../../src/image/image-store.ts";
import { childPids } from "../../src/sandbox/linux/processes.ts";
import { ZygoteBackend } from "../../src/sandbox/zygote/backend.ts";
import { codeOf, eventually } from "../../src/testing/contract-check.ts";
import { openTree, talkTo, type Opened } from "../trunks.ts";

/* A tree outlives more copies than it holds at a time, however they end and however much time they take. */

let backend: ZygoteBackend;
let opened: Opened;

beforeAll(() => void (backend = new ZygoteBackend(resolveImage(defaultImageName))));
afterAll(async () => await backend.close());
beforeEach(async () => void (opened = await openTree(backend)));
afterEach(async () => await opened.tree.close());

function isZombie(pid: number): boolean {
  return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "latin1"));
}

test("copies that die while something runs in them give back what they had", async () => {
  await opened.trunk.ask("x = 1");
  const [slot] = childPids(backend.treePids[0]!);
  const [trunk] = childPids(slot!);
  const start = async () => await talkTo((plan) => opened.tree.trunk.branch(plan));
  for (let n = 0; n < 66; n++) {
    const { sandbox } = await start();
    await sandbox.born;
    process.kill(childPids(trunk!).at(-1)!, "SIGKILL");
    expect(await codeOf(sandbox.ended)).toBe("sandbox_failed");
  }
  // What ran in them became the trunk's children, and its program does not meet them.
  expect(await eventually(() => childPids(trunk!).every(isZombie))).toBe(true);
  const wait = "import os\ntry: said = os.waitpid(-1, os.WNOHANG)\nexcept ChildProcessError: said = 'nobody'";
  expect(await opened.trunk.ask(wait)).toBe("'nobody'");
  expect(childPids(trunk!)).toEqual([]);
  expect(await (await start()).ask("said = x")).toBe("1");
});
