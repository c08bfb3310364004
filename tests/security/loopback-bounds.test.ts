/*
 * What a sandbox's network holds for nobody is bounded in three steps (`native/zygote/loopback.c`). Without each of them row 64b
 * of the corpus gets further, behind a wall that is whole otherwise.
 */
import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { ZygoteBackend } from "../../src/sandbox/zygote/backend.ts";
import { expectedLines, loadCorpus } from "../../src/security/attack-program.ts";
import { mismatches } from "../../src/security/expectation.ts";
import { performAttack } from "../../src/security/perform-attack.ts";
import { ImageCopy } from "./walls/image-copy.ts";

const program = loadCorpus().find(({ id }) => id === "64b-unaccepted")!;
let copy: ImageCopy;
/** Each builds its native sources, on a machine that may have much else to do. */
vi.setConfig({ testTimeout: 180_000 });

beforeAll(() => void (copy = ImageCopy.make()));
afterAll(() => copy.remove());

test.for([
  [
    "sockets that listen",
    "return count_listeners(pid) < LISTENERS_MOST;",
    "return true;",
    "listening sockets",
  ],
  [
    "connections that wait",
    '"/proc/sys/net/core/somaxconn", "32"',
    '"/proc/sys/net/core/somaxconn", "4096"',
    "waiting connections",
  ],
  ["bytes in one", "4096 8192 65536", "4096 131072 8388608", "bytes in all of them"],
] as const)("without the bound on %s row 64b gets further", async ([, from, to, line]) => {
  await copy.setNative([{ file: "zygote/loopback.c", from, to }]);
  const seen = await attack(program.source);
  if (seen === undefined) return;
  expect(seen.find((each) => each.startsWith(`${line}: `))).toContain("escaped");
});

/** A kernel that has no such setting in a user namespace, as 6.1 has not. */
const withoutSetting = {
  file: "zygote/loopback.c",
  from: "/proc/sys/net/core/somaxconn",
  to: "/proc/sys/net/core/not-there",
};

test("where the kernel leaves queues long, fewer sockets listen, and row 64b is as it is expected", async () => {
  await copy.setNative([withoutSetting]);
  const seen = await attack(program.source);
  if (seen === undefined) return;
  expect(mismatches(expectedLines(program, "cgroups", "host"), seen)).toEqual([]);
  expect(seen).toContain("listening sockets: ENOBUFS after 16");
  expect(seen).toContain("waiting connections: TimeoutError after 129");
});

test("where the kernel leaves queues long, none listens with a longer one than is usual", async () => {
  await copy.setNative([withoutSetting]);
  const seen = await attack(program.source.replace("one.listen(LONG - 1)", "one.listen(LONG)"));
  if (seen !== undefined)
    expect(seen).toEqual([
      "listening sockets: ENOBUFS after 0",
      "one more by a child: ENOBUFS",
      "end: exit 0",
    ]);
});

/** What is seen of the program behind the wall as it is now; undefined without control groups: there is no such sandbox. */
async function attack(source: string): Promise<readonly string[] | undefined> {
  const backend = new ZygoteBackend(copy.image);
  try {
    const receipt = await backend.receipt();
    if (receipt.enforcedBy === "rlimits") return undefined;
    const ground = { backend, receipt, mark: "atk-bounds", hostFile: "/tmp/none", hostPid: process.pid };
    return (await performAttack({ ...program, source }, ground)).seen;
  } finally {
    await backend.close();
  }
}
