import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { startPatience } from "../../../src/base/patience.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("it is over once, after its whole time", () => {
  const isOver = vi.fn();
  startPatience(8000, isOver);
  vi.advanceTimersByTime(7999);
  expect(isOver).not.toHaveBeenCalled();
  vi.advanceTimersByTime(60_000);
  expect(isOver).toHaveBeenCalledTimes(1);
});

test("a stop of this process counts as one part of it", () => {
  const isOver = vi.fn();
  startPatience(8000, isOver);
  vi.advanceTimersByTime(2500);
  // Timers that fell due while it was stopped are called once, however long that was.
  vi.setTimerTickMode("manual");
  vi.advanceTimersToNextTimer();
  expect(isOver).not.toHaveBeenCalled();
  for (let part = 3; part < 8; part++) vi.advanceTimersToNextTimer();
  expect(isOver).toHaveBeenCalledTimes(1);
});

test("it can be ended", () => {
  const isOver = vi.fn();
  const stop = startPatience(100, isOver);
  vi.advanceTimersByTime(99);
  stop();
  vi.advanceTimersByTime(1000);
  expect(isOver).not.toHaveBeenCalled();
});

test("it does not keep a process running", () => {
  vi.useRealTimers();
  const before = process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const stop = startPatience(60_000, () => {});
  expect(process.getActiveResourcesInfo().filter((name) => name === "Timeout")).toHaveLength(before);
  stop();
});
