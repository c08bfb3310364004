import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import { runPython, type Said } from "./sealed-python.ts";

const source = readFileSync(join(import.meta.dirname, "fixtures", "clocks.py"), "utf8");

/** What each question gives, and the logical time it takes in seconds. */
const expected: readonly (readonly [name: string, answer: unknown, seconds: number])[] = [
  ["date", "2000-01-01 00:00:00", 0],
  ["monotonic", 1000, 0],
  ["boot time", 1000, 0],
  ["processor", true, 0],
  ["rusage", 65_536, 0],
  ["an hour's sleep", null, 3600],
  ["asyncio.sleep", "x", 1000],
  ["asyncio.wait", ["fast"], 20],
  ["event", false, 5],
  ["queue", "empty", 7],
  ["lock", false, 4],
  ["select of nothing", [[], [], []], 500],
  ["select", [0, 0, 0], 500],
  ["poll", [], 3],
  ["epoll", [], 3],
  ["join", false, 100],
  ["join with a timeout", true, 100],
  ["alarm and sleep", "alarm", 3],
  ["alarm and pause", "alarm", 3],
  ["itimer", "alarm", 0.5],
  ["time left", [9, 0], 0],
  ["sigtimedwait", null, 9],
  ["communicate", ["hi", 0], 0],
];

let runs: Said[] = [];
let answers: Map<string, readonly [answer: unknown, seconds: number]> = new Map();

beforeAll(async () => {
  runs = [await runPython(source), await runPython(source), await runPython(source, { seed: 2 })];
  const lines = runs[0]!.stdout.trim().split("\n");
  answers = new Map(
    lines.map((line) => {
      const [name, answer, seconds] = JSON.parse(line) as [string, unknown, number];
      return [name, [answer, seconds]];
    }),
  );
});
afterAll(closeSandboxes);

test("every clock and every wait answers, and the program ends", () => {
  expect(runs[0]).toMatchObject({ ending: "own 0", stderr: "" });
});

test("two runs say the same to the nanosecond, whatever the seed", () => {
  expect(runs[1]).toEqual(runs[0]);
  expect(runs[2]).toEqual(runs[0]);
});

for (const [name, answer, seconds] of expected) {
  test(`${name}: the answer and the logical time`, () => {
    const [said, took] = answers.get(name)!;
    expect(said).toEqual(answer);
    expect(took).toBeCloseTo(seconds, 1);
  });
}

test("a busy wait of a minute ends after some ten thousand reads", () => {
  const [turns, took] = answers.get("busy wait")!;
  expect(turns).toBeGreaterThan(10_000);
  expect(turns).toBeLessThan(100_000);
  expect(took).toBeCloseTo(60, 1);
});

test("an alarm interrupts a busy loop at its time", () => {
  const [said, took] = answers.get("alarm and spin")!;
  expect(said).toBe("alarm");
  expect(took).toBeCloseTo(2, 1);
});

test("a child that waits for its parent does not keep a timeout from passing", () => {
  expect(answers.get("a child that waits for its parent")![0]).toBe("timeout");
});

test("on the host's clock two runs differ", async () => {
  const ask = "import time; print(time.time_ns(), time.perf_counter_ns())";
  const [one, other] = [await runPython(ask, { world: "host" }), await runPython(ask, { world: "host" })];
  expect(one.ending).toBe("own 0");
  expect(one.stdout).not.toBe(other.stdout);
});

test("the machine's clock, where an audit asks for it, moves by itself, and a sleep still takes no time", async () => {
  const ask =
    "import time; a = time.time(); time.sleep(1000); b = time.time(); x = time.time_ns()\n" +
    "while time.time_ns() - x < 5_000_000: pass\n" +
    "print(time.time_ns()); print(1000 <= b - a < 1010)";
  const settings = { real_clock: 1 };
  const [one, other] = [await runPython(ask, { settings }), await runPython(ask, { settings })];
  expect(one.stdout).toMatch(/^9466858\d+\nTrue\n$/);
  expect(one.stdout).not.toBe(other.stdout);
});

test("epoch and tick are what the settings say", async () => {
  const ask = "import time; a = time.time_ns(); print(a, time.time_ns() - a)";
  const said = await runPython(ask, { settings: { epoch: 1_500_000_000_000_000_000, tick: 5000 } });
  expect(said.stdout).toMatch(/^1500000000000\d{6} 5000\n$/);
});
