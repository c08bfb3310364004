import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { defaultImageName } from "../../src/image/default-image.ts";
import { resolveImage } from "../../src/image/image-store.ts";
import { childPids, startTime } from "../../src/sandbox/linux/processes.ts";
import { ZygoteBackend } from "../../src/sandbox/zygote/backend.ts";
import type { ZygoteTree } from "../../src/sandbox/zygote/tree.ts";
import { ask, codeOf, eventually } from "../../src/testing/contract-check.ts";
import { openTree, talkTo, type Opened, type Talk } from "../trunks.ts";
import { alive, descendants } from "./left-behind.ts";

/* A tree: what its branches share (nothing), what holds them, and what is left when any part of it dies (nothing). */

let backend: ZygoteBackend;
let opened: Opened;

beforeAll(() => void (backend = new ZygoteBackend(resolveImage(defaultImageName))));
afterAll(async () => await backend.close());
beforeEach(async () => void (opened = await openTree(backend)));
afterEach(async () => {
  const below = backend.treePids.flatMap(descendants);
  await opened.tree.close();
  await eventually(() => alive(below).length === 0);
  expect(alive(below)).toEqual([]);
});

async function branch(limits = {}): Promise<Talk> {
  const talk = await talkTo((plan) => opened.tree.trunk.branch(plan), limits);
  await talk.sandbox.born;
  return talk;
}

/** The trunk, and below it each copy with its child. */
function pids(): { slot: number; trunk: number; copies: number[]; branches: number[] } {
  const [slot] = childPids(backend.treePids[0]!);
  const [trunk] = childPids(slot!);
  const copies = childPids(trunk!);
  return { slot: slot!, trunk: trunk!, copies, branches: copies.flatMap((copy) => childPids(copy)) };
}

describe("what branches share", () => {
  test("no file, no offset, no memory", async () => {
    const { trunk } = opened;
    await trunk.ask("f = open('/tmp/f', 'w+')\nf.write('0123456789'); f.flush(); f.seek(2)\nkept = []");
    const [first, second] = [await branch(), await branch()];
    expect(await first.ask("kept.append(1); open('/tmp/mine', 'w').close(); f.write('xx'); f.flush()")).toBe(
      "None",
    );
    expect(await first.ask("import os; said = (sorted(os.listdir('/tmp')), open('/tmp/f').read())")).toBe(
      "(['f', 'mine'], '01xx456789')",
    );
    for (const other of [second, trunk])
      expect(await other.ask("import os; said = (os.listdir('/tmp'), f.tell(), f.read(), kept)")).toBe(
        "(['f'], 2, '23456789', [])",
      );
  });

  test("no namespace", async () => {
    await opened.trunk.ask("1");
    await branch();
    await branch();
    const { trunk, copies, branches } = pids();
    expect([copies.length, branches.length]).toEqual([2, 2]);
    const own = (pid: number, kind: string): string => readlinkSync(`/proc/${pid}/ns/${kind}`);
    for (const kind of ["user", "mnt", "net", "pid", "ipc", "uts"])
      expect(new Set([trunk, ...branches].map((pid) => own(pid, kind))).size).toBe(3);
    const groups = [trunk, ...branches].map((pid) => readFileSync(`/proc/${pid}/cgroup`, "latin1"));
    if (/slot-/.test(groups[0]!)) expect(new Set(groups).size).toBe(3);
  });

  test("no rights: a branch is behind the whole wall, as any sandbox", async () => {
    await opened.trunk.ask("1");
    const one = await branch();
    const seen = (pid: number): string[] =>
      readFileSync(`/proc/${pid}/status`, "latin1")
        .split("\n")
        .filter((line) => /^(Cap|NoNewPrivs|Seccomp:)/.test(line));
    expect(seen(pids().branches[0]!)).toEqual([
      ...["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"].map((name) => `${name}:\t0000000000000000`),
      "NoNewPrivs:\t1",
      "Seccomp:\t2",
    ]);
    const calls = "import ctypes; libc = ctypes.CDLL(None, use_errno=True)\n";
    for (const call of [
      "mount(None, b'/tmp', b'tmpfs', 0, None)",
      "unshare(0x10000000)",
      "umount2(b'/tmp', 2)",
    ])
      expect(await one.ask(`${calls}said = (libc.${call}, ctypes.get_errno())`)).toBe("(-1, 1)");
    expect(await one.ask("import os; said = os.path.exists('/proc/self')")).toBe("False");
    expect(
      await one.ask(
        "def is_open(n):\n    try: os.fstat(n)\n    except OSError: return False\n    return True\nsaid = [n for n in range(3000) if is_open(n)]",
      ),
    ).toBe("[0, 1, 2, 3]");
  });
});

describe("limits hold in a branch", () => {
  const cases = {
    memory: ["kept = bytearray(200 << 20)", { memoryMb: 64 }, /MemoryError/],
    processes: [
      "import os, time\nfor _ in range(30):\n    if os.fork() == 0: time.sleep(60)\nsaid = 'made'",
      { processes: 10 },
      /BlockingIOError/,
    ],
    disk: ["open('/tmp/big', 'wb').write(bytes(20 << 20))", { diskMb: 4 }, /OSError/],
  } as const;
  test.each(Object.keys(cases) as (keyof typeof cases)[])("%s", async (name) => {
    await opened.trunk.ask("1");
    const [source, limits, answer] = cases[name];
    expect(await (await branch(limits)).ask(source)).toMatch(answer);
    expect(await (await branch()).ask("said = 7")).toBe("7");
  });

  test("CPU time and wall time", async () => {
    await opened.trunk.ask("1");
    const busy = await branch({ cpuMs: 300 });
    const asleep = await branch({ wallMs: 300 });
    await expect(busy.ask("while True: pass")).rejects.toThrow('"cause":"cpu"');
    await expect(asleep.ask("import time; time.sleep(60)")).rejects.toThrow('"cause":"wall"');
  });

  test("output", async () => {
    await opened.trunk.ask("1");
    const loud = await branch({ outputBytes: 100_000 });
    await expect(loud.ask("while True: print('x' * 1000)")).rejects.toThrow('"cause":"output"');
  });

  test("more memory than its trunk has is refused", async () => {
    await opened.trunk.ask("1");
    expect(await codeOf(branch({ memoryMb: 4096 }))).toBe("bad_argument");
  });
});

describe("when a part dies", () => {
  test("a branch that is killed, or ends, takes nothing along", async () => {
    await opened.trunk.ask("x = 1");
    const [first, second] = [await branch(), await branch()];
    first.sandbox.kill();
    expect((await first.sandbox.ended).cause).toBe("killed");
    second.sandbox.endInput();
    expect(await second.sandbox.ended).toMatchObject({ cause: "own", exitCode: 0 });
    expect(await (await branch()).ask("said = x")).toBe("1");
    expect(await opened.trunk.ask("said = x")).toBe("1");
  });

  test("SIGKILL of a copy fails its own branch alone", async () => {
    await opened.trunk.ask("x = 1");
    const [first, second] = [await branch(), await branch()];
    await first.ask("1");
    const target = pids().copies.find((copy) => childPids(copy).length > 0)!;
    process.kill(target, "SIGKILL");
    const [one, two] = await Promise.all(
      [first, second].map(
        async ({ sandbox }) => await Promise.race([codeOf(sandbox.ended), sleep(300).then(() => "lives")]),
      ),
    );
    expect([one, two].toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual([
      "lives",
      "sandbox_failed",
    ]);
    expect(await (await branch()).ask("said = x")).toBe("1");
    expect(await opened.trunk.ask("said = x")).toBe("1");
  });

  test("the trunk takes its copies along, and leaves other trees alone", async () => {
    const other = await openTree(backend);
    await opened.trunk.ask("x = 1");
    const one = await branch();
    const checkpoint = await opened.tree.trunk.checkpoint();
    process.kill(pids().trunk, "SIGKILL");
    expect(await codeOf(one.sandbox.ended)).toBe("sandbox_ended");
    expect((await opened.tree.trunk.ended).signal).toBe("SIGKILL");
    expect(await codeOf(talkTo((plan) => checkpoint.branch(plan)))).toBe("not_copyable");
    expect(await other.trunk.ask("said = 7")).toBe("7");
    await other.tree.close();
  });

  test("its zygote, or the close of the tree, ends all of it", async () => {
    const other = await openTree(backend);
    await opened.trunk.ask("x = 1");
    const one = await branch();
    const [zygote, second] = backend.treePids;
    process.kill(zygote!, "SIGKILL");
    expect(await codeOf(one.sandbox.ended)).toBe("zygote_failed");
    expect(await codeOf(opened.tree.trunk.ended)).toBe("zygote_failed");
    await other.trunk.ask("x = 1");
    const two = await talkTo((plan) => other.tree.trunk.branch(plan));
    const below = descendants(second!);
    expect(below.length).toBeGreaterThan(2);
    await other.tree.close();
    expect(await codeOf(two.sandbox.ended)).toBe("sandbox_closed");
    expect(await eventually(() => alive(below).length === 0)).toBe(true);
    expect(await ask(backend, "print(7)")).toBe(7);
  });

  test("an abort kills a branch, and one that comes too late starts none", async () => {
    await opened.trunk.ask("x = 1");
    const abort = new AbortController();
    const one = await talkTo((plan) => opened.tree.trunk.branch({ ...plan, signal: abort.signal }));
    abort.abort();
    expect((await one.sandbox.ended).cause).toBe("killed");
    expect(await codeOf(talkTo((plan) => opened.tree.trunk.branch({ ...plan, signal: abort.signal })))).toBe(
      "aborted",
    );
  });
});

describe("many copies", () => {
  test("hundreds of one state, some at a time, leave a tree as it was", async () => {
    await opened.trunk.ask("x = 1");
    for (let round = 0; round < 20; round++) {
      const some = await Promise.all(Array.from({ length: 10 }, () => branch()));
      const answers = await Promise.all(some.map((each, n) => each.ask(`x += ${n}; said = x`)));
      expect(answers).toEqual(some.map((_, n) => String(1 + n)));
      for (const { sandbox } of some) sandbox.kill();
      await Promise.all(some.map(({ sandbox }) => sandbox.ended));
      await opened.trunk.ask("x = 1");
    }
    // A trunk buries its copies when it is sent something.
    const over = performance.now() + 10_000;
    while (pids().copies.length > 0 && performance.now() < over) await opened.trunk.ask("x = 1");
    expect(pids().copies.length).toBe(0);
  });

  test("copies that die while they wait give back what they had", async () => {
    await opened.trunk.ask("x = 1");
    for (let n = 0; n < 66; n++) {
      const kept = await opened.tree.trunk.checkpoint();
      const pid = pids().copies.at(-1)!;
      const copy = { pid, started: startTime(pid) };
      process.kill(pid, "SIGKILL");
      await eventually(() => alive([copy]).length === 0);
      kept.close();
    }
    expect(await (await branch()).ask("said = x")).toBe("1");
  });

  test("one that computes while it should wait ends its tree", async () => {
    await opened.trunk.ask("x = 1");
    await opened.tree.trunk.checkpoint();
    const groups = (pid: number): string[] =>
      readFileSync(`/proc/${pid}/cgroup`, "latin1").match(/[^:\n]*:\/.*slot-\d+$/gm) ?? [];
    const { trunk, copies } = pids();
    const before = groups(trunk);
    if (before.length === 0) return;
    // A process is moved out of one hierarchy of groups after the other.
    await eventually(() => groups(copies[0]!).every((place) => !before.includes(place)));
    const places = groups(copies[0]!);
    const lists = places.map((place) => join("/sys/fs/cgroup", place.replace(":", ""), "cgroup.procs"));
    const lost = new Promise<Error>((resolve) => (opened.tree as ZygoteTree).lost(resolve));
    // A copy that waits blocks every signal, so its part is played by a process beside it: what counts is its group's time.
    const busy = spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" });
    try {
      for (const list of lists.filter((each) => existsSync(each))) writeFileSync(list, String(busy.pid));
      expect((await lost).message).toBe("a copy that should only wait used CPU time");
    } finally {
      busy.kill("SIGKILL");
      await once(busy, "exit");
    }
  });

  test("more at a time than a tree holds are refused, and the others live", async () => {
    await opened.trunk.ask("x = 1");
    const held: Talk[] = [];
    const refused = await codeOf(
      (async () => {
        for (let n = 0; n < 80; n++) held.push(await branch());
      })(),
    );
    expect(refused).toBe("not_copyable");
    expect(held.length).toBe(63);
    expect(await held[62]!.ask("said = x")).toBe("1");
    held[0]!.sandbox.kill();
    await held[0]!.sandbox.ended;
    expect(await (await branch()).ask("said = x")).toBe("1");
  });

  test("a chain of checkpoints goes on by copies so far, and is refused then", async () => {
    let { trunk } = opened.tree;
    await opened.trunk.ask("x = 0");
    let talk = opened.trunk;
    const chain = async (): Promise<void> => {
      for (let generation = 0; generation < 40; generation++) {
        const checkpoint = await trunk.checkpoint();
        talk = await talkTo((plan) => checkpoint.resume(plan));
        trunk = talk.sandbox as typeof trunk;
        expect(await talk.ask("x += 1; said = x")).toBe(String(generation + 1));
      }
    };
    expect(await codeOf(chain())).toBe("not_copyable");
    expect(trunk.generation).toBe(24);
  });
});
