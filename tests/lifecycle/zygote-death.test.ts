import { afterEach, beforeEach, expect, test } from "vitest";

import { defaultImageName } from "../../src/image/default-image.ts";
import { resolveImage } from "../../src/image/image-store.ts";
import { defaultLimits } from "../../src/model/limits.ts";
import { HostIds } from "../../src/sandbox/linux/host-ids.ts";
import { acquireHostResources, releaseHostResources } from "../../src/sandbox/linux/host-resources.ts";
import { childPids } from "../../src/sandbox/linux/processes.ts";
import { Sandbox } from "../../src/sandbox/sandbox.ts";
import { ZygoteBackend } from "../../src/sandbox/zygote/backend.ts";
import { startZygote } from "../../src/sandbox/zygote/start-zygote.ts";
import {
  ask,
  codeOf,
  countMarked,
  eventually,
  sleepMarker,
  startScript,
} from "../../src/testing/contract-check.ts";
import { alive, descendants } from "./left-behind.ts";

/* A zygote or a slot that dies fails what runs in it, with a code that says try again; the next sandbox has another. */

const sleeper = "import time\nwhile True: time.sleep(1)";
let backend: ZygoteBackend;

beforeEach(() => {
  backend = new ZygoteBackend(resolveImage(defaultImageName));
});
afterEach(async () => {
  const below = backend.zygotePids.flatMap(descendants);
  await backend.close();
  await eventually(() => alive(below).length === 0);
  expect(alive(below)).toEqual([]);
});

test("the death of a zygote fails its sandboxes, and others follow", async () => {
  const marker = sleepMarker();
  const script = await startScript(backend, sleeper);
  const sandbox = await Sandbox.createOn(backend);
  const command = codeOf(sandbox.run("sleep", { args: [marker] }));
  expect(await eventually(() => countMarked(marker) === 1)).toBe(true);
  const [zygote] = backend.zygotePids;
  process.kill(zygote!, "SIGKILL");
  expect(await codeOf(script.ended)).toBe("zygote_failed");
  expect(await command).toBe("zygote_failed");
  expect(await codeOf(sandbox.run("true"))).toBe("zygote_failed");
  expect(await eventually(() => countMarked(marker) === 0)).toBe(true);
  expect(await ask(backend, "print(7)")).toBe(7);
  expect(backend.zygotePids).not.toContain(zygote);
  await sandbox.close();
});

test("the death of a slot fails its own sandbox alone", async () => {
  const first = await startScript(backend, sleeper);
  const [slot] = childPids(backend.zygotePids[0]!);
  const second = await startScript(backend, sleeper);
  process.kill(slot!, "SIGKILL");
  expect(await codeOf(first.ended)).toBe("sandbox_failed");
  expect(await ask(backend, "print(7)")).toBe(7);
  second.kill();
  expect((await second.ended).cause).toBe("killed");
});

test("a sandbox whose first process is killed, and nothing says by whom, has ended of its own", async () => {
  const script = await startScript(backend, sleeper);
  const sandbox = await Sandbox.createOn(backend);
  const command = sandbox.run("sleep", { args: ["60"] });
  const firsts = childPids(backend.zygotePids[0]!).flatMap((slot) => childPids(slot));
  expect(firsts).toHaveLength(2);
  for (const first of firsts) process.kill(first, "SIGKILL");
  expect(await script.ended).toMatchObject({ cause: "own", exitCode: null, signal: "SIGKILL" });
  expect(await command).toMatchObject({ sandboxEnded: "own", timedOut: false });
  expect(await codeOf(sandbox.run("true"))).toBe("sandbox_ended");
  expect(await ask(backend, "print(7)")).toBe(7);
});

test("what the host had found stands, where the slot dies before it tells the end", async () => {
  const job = {
    entry: "script",
    name: "flood.py",
    source: "while True: print('x' * 999)",
    files: [],
    env: {},
  } as const;
  let received = 0;
  const [flood] = await backend.start({
    members: [{ job, limits: { ...defaultLimits, outputBytes: 100_000 } }],
    links: [],
    onOutput: (_member, _channel, data) => {
      received += data.length;
      if (received === 100_000) process.kill(childPids(backend.zygotePids[0]!)[0]!, "SIGKILL");
    },
  });
  expect((await flood!.ended).cause).toBe("output");
});

test("a sandbox that asks not to be ended with its slot is", async () => {
  const marker = sleepMarker();
  // PR_SET_PDEATHSIG; the marker is an argument of its own child.
  const clinging = `import ctypes, subprocess
ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)
subprocess.run(["sleep", "${marker}"])`;
  const script = await startScript(backend, clinging);
  expect(await eventually(() => countMarked(marker) === 1)).toBe(true);
  process.kill(childPids(backend.zygotePids[0]!)[0]!, "SIGKILL");
  expect(await codeOf(script.ended)).toBe("sandbox_failed");
  expect(await eventually(() => countMarked(marker) === 0)).toBe(true);
});

test("a zygote that is stopped is given up when it is needed, and the next one serves", async () => {
  const first = await startScript(backend, sleeper);
  const [zygote] = backend.zygotePids;
  process.kill(zygote!, "SIGSTOP");
  expect(await codeOf(ask(backend, "print(7)"))).toBe("zygote_failed");
  expect(await codeOf(first.ended)).toBe("zygote_failed");
  expect(await ask(backend, "print(7)")).toBe(7);
  expect(backend.zygotePids).not.toContain(zygote);
});

test("a slot that is stopped fails its sandbox soon after it is told to end it, and is not used again", async () => {
  const script = await startScript(backend, sleeper);
  const sandbox = await Sandbox.createOn(backend);
  const slots = descendants(backend.zygotePids[0]!);
  for (const slot of childPids(backend.zygotePids[0]!)) process.kill(slot, "SIGSTOP");
  script.kill();
  await sandbox.close();
  expect(await codeOf(script.ended)).toBe("sandbox_failed");
  expect(await eventually(() => alive(slots).length === 0)).toBe(true);
  expect(await ask(backend, "print(7)")).toBe(7);
});

test("slots that die while they are idle are not used again", async () => {
  await backend.warm(1);
  await Promise.all(Array.from({ length: 4 }, (_, index) => ask(backend, `print(${index})`)));
  const slots = childPids(backend.zygotePids[0]!);
  expect(slots.length).toBeGreaterThan(0);
  for (const slot of slots) process.kill(slot, "SIGKILL");
  expect(await eventually(() => childPids(backend.zygotePids[0]!).length === 0)).toBe(true);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const answers = await Promise.all(Array.from({ length: 4 }, (_, index) => ask(backend, `print(${index})`)));
  expect(answers).toEqual([0, 1, 2, 3]);
});

test("a zygote that has lost all its slots is replaced", async () => {
  const small = new ZygoteBackend(resolveImage(defaultImageName), { slotsMost: 1 });
  for (let turn = 0; turn < 3; turn++) {
    const script = await startScript(small, sleeper);
    process.kill(childPids(small.zygotePids[0]!)[0]!, "SIGKILL");
    expect(await codeOf(script.ended)).toBe("sandbox_failed");
  }
  expect(await ask(small, "print(7)")).toBe(7);
  expect(small.zygotePids.length).toBe(1);
  await small.close();
});

test("where the ids that a zygote asks for are refused, it starts with the one that all share", async () => {
  const resources = await acquireHostResources();
  const ids = new HostIds({
    kind: "subordinate",
    range: { first: 300_000, count: 65_536 },
    newuidmap: "/bin/false",
  });
  const zygote = await startZygote(resolveImage(defaultImageName), { ...resources, ids }, 1);
  try {
    expect(zygote.hasOwnIds).toBe(false);
    expect(ids.receipt(true).ids).toBe("shared");
    expect((await zygote.newSlot()).usable).toBe(true);
  } finally {
    await zygote.close();
    await releaseHostResources();
  }
});
