/* How a sandbox ended that was ended before its wall stood, as on a machine that takes longer for it than a limit lasts. Its slot is played. */
import type { Socket } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { SlotGroup } from "../../../src/sandbox/linux/cgroups.ts";
import { SlotRun } from "../../../src/sandbox/zygote/slot-run.ts";
import { messages } from "../../../src/sandbox/zygote/wire.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const [killed, cpuMs] = [1, 300];

/** A slot with a group that counts what a test says; what it is sent, by type. */
function play() {
  const counted = { cpuMs: 0 };
  const sent: number[] = [];
  const none = (): void => {};
  const counters = () => ({ oomKills: 0, limitHits: 0, forkRefusals: 0, ...counted });
  const group: Partial<SlotGroup> = { counters, countersBefore: counters, cpuMs: () => counted.cpuMs };
  const stream = { write: (message: Buffer) => void sent.push(message[4]!), ref: none, unref: none };
  const run = new SlotRun(
    stream as unknown as Socket,
    group as SlotGroup,
    { calledAt: 0, outputBytes: 10, wallMs: 60_000, cpuMs, memoryBytes: 1 << 20, onOutput: none },
    { done: none, endHung: none },
  );
  /** The first process was killed because it was told to, before it said that its wall stands. */
  const exit = (): void => {
    const body = Buffer.alloc(48);
    body.writeUInt32LE(killed, 0);
    body.writeInt32LE(9, 4);
    run.receive(messages.exit, 0, body);
  };
  return { run, counted, sent, exit };
}

test("CPU time that all processes used before the wall stood is the end", async () => {
  const { run, counted, sent, exit } = play();
  counted.cpuMs = cpuMs;
  await vi.advanceTimersByTimeAsync(100);
  expect(sent).toEqual([messages.kill]);
  exit();
  expect(await run.ended).toMatchObject({ cause: "cpu", signal: "SIGKILL" });
  await run.born;
});

test("who ends a sandbox before its wall stood does not see it begin", async () => {
  const { run, sent, exit } = play();
  run.kill();
  expect(sent).toEqual([messages.kill]);
  exit();
  expect(await run.ended).toMatchObject({ cause: "killed" });
  await expect(run.born).rejects.toMatchObject({ code: "sandbox_failed" });
});
