/* What the host keeps of a copy: its stream, and how much CPU time one that only waits has used. The tree is played. */
import type { Socket } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { SameseedError } from "../../../src/base/error.ts";
import { defaultLimits } from "../../../src/model/limits.ts";
import type { SlotGroup } from "../../../src/sandbox/linux/cgroups.ts";
import { FrozenCopy } from "../../../src/sandbox/zygote/frozen-copy.ts";
import type { TreeParts } from "../../../src/sandbox/zygote/tree-parts.ts";
import type { TreeStream, TreeStreams } from "../../../src/sandbox/zygote/tree-streams.ts";
import { messages } from "../../../src/sandbox/zygote/wire.ts";
import type { ZygoteProcess } from "../../../src/sandbox/zygote/zygote-process.ts";

const [trunkPid, copyPid, number] = [1000, 1001, 5];

vi.mock("../../../src/sandbox/linux/processes.ts", () => ({
  childPids: () => [copyPid],
  innerPid: () => 32_000 - number,
  startTime: () => "1",
}));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A tree with one stream, whose group counts what a test says. */
class PlayedTree {
  cpuMs = 0;
  given = 0;
  error: SameseedError | undefined;
  listeners: ((error: SameseedError) => void)[] = [];
  readonly stream: TreeStream;
  readonly parts: TreeParts;

  constructor() {
    const none = (): void => {};
    const group: Partial<SlotGroup> = {
      cpuMs: () => this.cpuMs,
      limit: none,
      placeSoon: async () => await Promise.resolve(),
      counters: () => ({ oomKills: 0, limitHits: 0, forkRefusals: 0, cpuMs: this.cpuMs }),
      countersBefore: () => ({ oomKills: 0, limitHits: 0, forkRefusals: 0, cpuMs: this.cpuMs }),
    };
    const socket = { ref: none, unref: none, write: none };
    this.stream = {
      index: 1,
      number,
      socket: socket as unknown as Socket,
      group: group as SlotGroup,
      isGroupTaken: false,
      handle: none,
      gone: none,
    };
    const streams: Partial<TreeStreams> = { take: () => this.stream, giveBack: () => void this.given++ };
    this.parts = {
      zygote: { ready: { addressSpaceBytes: 0 } } as ZygoteProcess,
      streams: streams as TreeStreams,
      copyProcesses: 0,
      fail: (error) => (this.error ??= error),
      lost: (listener) => {
        if (this.error !== undefined) listener(this.error);
        this.listeners.push(listener);
        return none;
      },
      inTurn: async (work) => await work(),
    };
  }

  async copy(): Promise<FrozenCopy> {
    const copy = await FrozenCopy.make(this.parts, trunkPid, () => this.sayCopied(), defaultLimits);
    await copy.placed;
    return copy;
  }

  sayCopied(): void {
    const body = Buffer.alloc(8);
    body.writeUInt32LE(number, 4);
    this.stream.handle(messages.copied, 0, body);
  }

  /** Time passes in which the group counts so much. */
  pass(ms: number, cpuMs: number): void {
    this.cpuMs += cpuMs;
    vi.advanceTimersByTime(ms);
  }
}

test("a copy that is copied again and again is not charged for its copies' work, however much that is", async () => {
  const tree = new PlayedTree();
  const copy = await tree.copy();
  for (let n = 0; n < 50; n++) {
    const copied = Promise.withResolvers<void>();
    copy.askToCopy({ index: 2, number: 6 }, copied.promise);
    tree.pass(1_000, 800); // under way
    tree.cpuMs += 800;
    copied.resolve();
    await copied.promise;
    tree.pass(1_000, 0); // since the last look
  }
  expect(tree.error).toBeUndefined();
  tree.pass(1_000, 1_001);
  expect(tree.error?.message).toBe("a copy that should only wait used CPU time");
});

test("a copy that only waits is forgiven a little, and ends its tree where it goes on to compute", async () => {
  const tree = new PlayedTree();
  await tree.copy();
  for (let n = 0; n < 100; n++) tree.pass(1_000, 50);
  expect(tree.error).toBeUndefined();
  for (let n = 0; n < 15 && tree.error === undefined; n++) tree.pass(1_000, 150);
  expect(tree.error?.message).toBe("a copy that should only wait used CPU time");
});

test("a stream that was another copy's brings none of that one's time, also before its copy is placed", async () => {
  const tree = new PlayedTree();
  tree.cpuMs = 60_000;
  const placed = Promise.withResolvers<void>();
  tree.stream.group!.placeSoon = async () => await placed.promise;
  const copy = await FrozenCopy.make(tree.parts, trunkPid, () => tree.sayCopied(), defaultLimits);
  tree.pass(3_000, 0);
  expect(tree.error).toBeUndefined();
  placed.resolve();
  await copy.placed;
});

test.each(["idle", "busy"])("the stream of a copy that dies is given back once: %s", async (state) => {
  const tree = new PlayedTree();
  const copy = await tree.copy();
  const plan = { limits: defaultLimits, onOutput: () => {} };
  const done = vi.fn(() => copy.leave());
  const run = state === "busy" ? copy.start(plan, "branch", 0, done) : undefined;
  tree.stream.gone();
  expect(tree.given).toBe(0);
  vi.advanceTimersByTime(100);
  expect(tree.given).toBe(1);
  if (run === undefined) return;
  await expect(run.ended).rejects.toThrow("the copy that it ran in died");
  expect(done).toHaveBeenCalledTimes(1);
});

test("a copy of a tree that is lost while it is made leaves no timer", async () => {
  const tree = new PlayedTree();
  const ask = (): void => {
    tree.sayCopied();
    tree.error = new Error("lost") as SameseedError;
  };
  const copy = await FrozenCopy.make(tree.parts, trunkPid, ask, defaultLimits);
  await copy.placed.catch(() => {});
  expect(copy.isIdle).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
});
