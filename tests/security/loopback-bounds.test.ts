/*
 * What a sandbox's network holds for nobody is bounded in three steps (`native/zygote/loopback.c`). Without each of them row 64b
 * of the corpus gets further, behind a wall that is whole otherwise.
 */
import { afterAll, beforeAll, expect, test } from "vitest";

import { ZygoteBackend } from "../../src/sandbox/zygote/backend.ts";
import { loadCorpus } from "../../src/security/attack-program.ts";
import { performAttack } from "../../src/security/perform-attack.ts";
import { ImageCopy } from "./walls/image-copy.ts";

const program = loadCorpus().find(({ id }) => id === "64b-unaccepted")!;
let copy: ImageCopy;

beforeAll(() => void (copy = ImageCopy.make()));
afterAll(() => copy.remove());

test.for([
  ["sockets that listen", "count_listeners(pid) < LISTENERS_MOST", "1", "listening sockets"],
  [
    "connections that wait",
    '"/proc/sys/net/core/somaxconn", "32"',
    '"/proc/sys/net/core/somaxconn", "4096"',
    "waiting connections",
  ],
  ["bytes in one", "4096 8192 65536", "4096 131072 8388608", "bytes in all of them"],
] as const)("without the bound on %s row 64b gets further", async ([, from, to, line]) => {
  await copy.setNative([{ file: "zygote/loopback.c", from, to }]);
  const backend = new ZygoteBackend(copy.image);
  try {
    const receipt = await backend.receipt();
    // Without control groups there is no such sandbox.
    if (receipt.enforcedBy === "rlimits") return;
    const ground = { backend, receipt, mark: "atk-bounds", hostFile: "/tmp/none", hostPid: process.pid };
    const { seen } = await performAttack(program, ground);
    expect(seen.find((each) => each.startsWith(`${line}: `))).toContain("escaped");
  } finally {
    await backend.close();
  }
});
