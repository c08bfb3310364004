/*
 * What a sandbox's network holds for nobody is bounded in three steps (`native/zygote/loopback.c`). Without each of them row 64b
 * of the corpus gets further, behind a wall that is whole otherwise.
 */
import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { ZygoteBackend } from "../../src/sandbox/zygote/backend.ts";
import { loadCorpus } from "../../src/security/attack-program.ts";
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

/** The program's first attempt alone. */
const listening = program.source.split("child = os.fork()")[0]!;

test("where the kernel leaves queues long, fewer sockets listen, and none with a longer one than is usual", async () => {
  const [from, to] = ["/proc/sys/net/core/somaxconn", "/proc/sys/net/core/not-there"];
  await copy.setNative([{ file: "zygote/loopback.c", from, to }]);
  for (const [queue, most] of [
    [128, 16],
    [129, 0],
  ] as const) {
    const seen = await attack(listening.replace("one.listen(4096)", `one.listen(${queue})`));
    if (seen !== undefined) expect(seen).toContain(`listening sockets: ENOBUFS after ${most}`);
  }
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
