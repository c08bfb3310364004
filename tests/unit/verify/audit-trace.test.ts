import { describe, expect, it } from "vitest";

import {
  firstDifferentLine,
  lineIntoEpisode,
  parseTrace,
  type Trace,
  type TraceEntry,
} from "../../../src/verify/audit/trace.ts";
import type { WorldChange } from "../../../src/verify/audit/audit-world.ts";
import type { Suspect } from "../../../src/verify/audit/layouts.ts";
import { locateCause, Tracer, type LocateInputs } from "../../../src/verify/audit/locate-cause.ts";
import type { WorldRunner } from "../../../src/verify/audit/world-runner.ts";

function entry(
  line: number,
  names: readonly [string, string][] = [],
  more: Partial<TraceEntry> = {},
): TraceEntry {
  const values = Object.fromEntries(names);
  return {
    thread: "MainThread",
    event: "line",
    file: "/tmp/env/e.py",
    function: "f",
    line,
    after: line + 1,
    names,
    values,
    ...more,
  };
}

function whole(entries: readonly TraceEntry[]): Trace {
  return { entries, isWhole: true };
}

function cut(entries: readonly TraceEntry[]): Trace {
  return { entries, isWhole: false };
}

describe("a line that only hands on its object", () => {
  const made = (value: string): TraceEntry => entry(3, [["self.rng", value]]);
  const handed = (value: string): TraceEntry => entry(7, [["return", value]], { begun: true });
  const lines = new Map([
    [3, "self.rng = default_rng()"],
    [7, "return self"],
    [9, "food = draw()"],
  ]);
  const text = ({ line }: { readonly line: number }): string => lines.get(line) ?? "";

  it("is not the one behind what differs in it", () => {
    const [one, other] = [
      [made("1"), handed("1")],
      [made("2"), handed("2")],
    ];
    expect(lineIntoEpisode(whole(one), whole(other), text)).toMatchObject({ line: 3, name: "self.rng" });
    expect(lineIntoEpisode(whole(one), whole(other), () => "return self.x")).toMatchObject({ line: 7 });
  });

  it("gives way to the next line of the episode that differs", () => {
    const drawn = (value: string): TraceEntry => entry(9, [["food", value]], { begun: true });
    const [one, other] = [
      [made("1"), handed("1"), drawn("1")],
      [made("2"), handed("2"), drawn("2")],
    ];
    expect(lineIntoEpisode(whole(one), whole(other), text)).toMatchObject({ line: 9, name: "food" });
  });
});

describe("what a line only counts on", () => {
  const text = (): string => "";
  const counted = (value: string, more: Partial<TraceEntry> = {}): TraceEntry =>
    entry(1, [["self.episodes", value]], { begun: true, counts: ["episodes"], ...more });
  const used = (value: string, reads: readonly string[]): TraceEntry =>
    entry(2, [["food", value]], { begun: true, reads });

  it("is no cause where nobody reads it", () => {
    const [one, other] = [
      [counted("1"), used("1", ["food"])],
      [counted("2"), used("2", ["food"])],
    ];
    expect(lineIntoEpisode(whole(one), whole(other), text)).toMatchObject({ line: 2, name: "food" });
  });

  it("is one where a line reads it, or nothing else differs", () => {
    const [one, other] = [
      [counted("1"), used("1", ["episodes"])],
      [counted("2"), used("2", ["episodes"])],
    ];
    expect(lineIntoEpisode(whole(one), whole(other), text)).toMatchObject({ line: 1 });
    expect(lineIntoEpisode(whole([counted("1")]), whole([counted("2")]), text)).toMatchObject({ line: 1 });
  });

  it("is one where it is made anew from something else", () => {
    const [one, other] = ["1", "2"].map((value) => [
      counted(value, { counts: [] }),
      used(value, ["food"]),
    ]) as [TraceEntry[], TraceEntry[]];
    expect(lineIntoEpisode(whole(one), whole(other), text)).toMatchObject({ line: 1 });
  });
});

describe("firstDifferentLine", () => {
  it("names the line whose value differs first, and both values", () => {
    const expected = [entry(1), entry(2, [["a", "1"]]), entry(3, [["b", "1"]])];
    const actual = [entry(1), entry(2, [["a", "2"]]), entry(3, [["b", "2"]])];
    expect(firstDifferentLine(whole(expected), whole(actual))).toEqual({
      file: "/tmp/env/e.py",
      function: "f",
      line: 2,
      name: "a",
      expected: "1",
      actual: "2",
    });
  });

  it("names the line before which the two went different ways", () => {
    const expected = [entry(1), entry(2, [], { after: 3 }), entry(3)];
    const actual = [entry(1), entry(2, [], { after: 7 }), entry(7)];
    expect(firstDifferentLine(whole(expected), whole(actual))).toMatchObject({ line: 2 });
  });

  it("names the line that failed where only one world's did", () => {
    const expected = [entry(1), entry(2)];
    const actual = [entry(1), entry(5, [["raise", "x"]], { event: "exception", after: 0 })];
    expect(firstDifferentLine(whole(expected), whole(actual))).toMatchObject({ line: 5 });
  });

  it("names the line that only the other world reached", () => {
    expect(firstDifferentLine(whole([entry(1)]), whole([entry(1), entry(4)]))).toMatchObject({ line: 4 });
  });

  it("takes the end of a trace that is not whole for no difference", () => {
    const [short, long] = [[entry(1)], [entry(1), entry(4)]];
    expect(firstDifferentLine(cut(short), whole(long))).toBeUndefined();
    expect(firstDifferentLine(whole(long), cut(short))).toBeUndefined();
    expect(firstDifferentLine(whole(long), whole(short))).toMatchObject({ line: 4 });
    expect(firstDifferentLine(cut([entry(1)]), cut([entry(2), entry(3)]))).toMatchObject({ line: 1 });
  });

  it("takes what one world alone put right in place, of before the episode, for no difference", () => {
    const read = (value: string): TraceEntry => entry(2, [["x", value]]);
    const cleared = entry(1, [["self.list", "1"]], { left: ["self.list"] });
    const found = firstDifferentLine(whole([entry(1), read("1")]), whole([cleared, read("2")]));
    expect(found).toMatchObject({ line: 2, name: "x" });
    expect(firstDifferentLine(whole([entry(1)]), whole([cleared]))).toBeUndefined();
    const other = entry(1, [["self.list", "2"]], { left: ["self.list"] });
    expect(firstDifferentLine(whole([cleared]), whole([other])), "in both").toMatchObject({ line: 1 });
    const made = entry(1, [["self.list", "1"]]);
    expect(firstDifferentLine(whole([entry(1)]), whole([made])), "of the episode").toMatchObject({ line: 1 });
  });

  it("compares each thread with its own kind", () => {
    const other = { thread: "Thread-1 (work)" };
    const expected = [entry(1), entry(9, [["n", "1"]], other), entry(2)];
    const actual = [entry(9, [["n", "1"]], other), entry(1), entry(2)];
    expect(firstDifferentLine(whole(expected), whole(actual))).toBeUndefined();
    const raced = [entry(9, [["n", "2"]], other), entry(1), entry(2)];
    expect(firstDifferentLine(whole(expected), whole(raced))).toMatchObject({ line: 9, name: "n" });
  });
});

describe("parseTrace", () => {
  it("reads what the tracer writes", () => {
    const entries = [entry(1), entry(2, [["a", "1"]], { left: ["a"] })];
    expect(parseTrace(entries.map((each) => `${JSON.stringify(each)}\n`).join(""))).toEqual({
      entries,
      isWhole: true,
    });
  });

  it("leaves out an entry that is cut off or forged, and everything after it", () => {
    const good = JSON.stringify(entry(1));
    expect(parseTrace(`${good}\n{"thread":"Main`)).toEqual({ entries: [entry(1)], isWhole: false });
    expect(parseTrace(`${good}\n{"thread":5}\n${good}\n`)).toEqual({ entries: [entry(1)], isWhole: false });
    expect(parseTrace(`${good}\n{"cut": true}\n`)).toEqual({ entries: [entry(1)], isWhole: false });
    expect(parseTrace(`${good}\nnot json\n${good}\n`)).toEqual({ entries: [entry(1)], isWhole: false });
  });
});

describe("lineIntoEpisode", () => {
  const constructed = (value: string): TraceEntry => entry(1, [["self.road", value]]);
  const begun = (line: number, names: readonly [string, string][]): TraceEntry =>
    entry(line, names, { begun: true });
  const found = (mine: TraceEntry[], theirs: TraceEntry[], text: string): number | undefined =>
    lineIntoEpisode(whole([constructed("a"), ...mine]), whole([constructed("b"), ...theirs]), () => text)
      ?.line;

  it("is one since the reset where the reset made anew what differed before", () => {
    const made = begun(5, [["self.road", "same"]]);
    const [mine, theirs] = [begun(6, [["x", "1"]]), begun(6, [["x", "2"]])];
    expect(found([made, mine], [made, theirs], "x = self.road.length + self.space.sample()")).toBe(6);
  });

  it("is the one before the reset where what it made is used in the episode", () => {
    const [mine, theirs] = [begun(6, [["x", "1"]]), begun(6, [["x", "2"]])];
    expect(found([mine], [theirs], "x = self.road.length")).toBe(1);
    expect(found([mine], [theirs], "x = info(road=self.roads)"), "another name").toBe(6);
  });

  it("is the line of the file where what it loads differs", () => {
    const loaded = entry(9, [], { function: "<module>" });
    const [mine, theirs] = [begun(6, [["x", "1"]]), begun(6, [["x", "2"]])];
    expect(found([loaded, mine], [loaded, theirs], "x = self.step()")).toBe(1);
  });

  it("is the first one at all where nothing differs since the reset", () => {
    expect(found([], [], "")).toBe(1);
  });
});

describe("a suspect whose line is not found", () => {
  const runner = (mine: Trace, theirs: Trace): WorldRunner =>
    ({
      trace: async ({ perturb }: WorldChange) =>
        await Promise.resolve([perturb === undefined ? mine : theirs]),
    }) as unknown as WorldRunner;
  const divergence = { step: 3, field: "observation" };
  const suspect = {
    factor: "locale",
    change: { perturb: { variables: { LANG: "C" } } },
    divergence,
  } as unknown as Suspect;
  const locate = async (mine: Trace, theirs: Trace): Promise<unknown> => {
    const traced = runner(mine, theirs);
    return await locateCause(
      { runner: traced, image: {}, spec: { seed: 1, seats: [] } } as unknown as LocateInputs,
      suspect,
      new Tracer(traced),
    );
  };

  it("is said to be cut off only where a trace is", async () => {
    const same = [entry(1, [["x", "1"]])];
    expect(await locate(whole(same), whole(same))).toBe("traces-equal");
    expect(await locate(cut(same), cut(same))).toBe("trace-cut");
    expect(await locate(whole(same), cut(same))).toBe("trace-cut");
  });

  it("is traced again from the earliest moment from which nothing is cut off", async () => {
    const asked: (number | undefined)[] = [];
    const late = {
      trace: async ({ perturb }: WorldChange, _: unknown, from?: number) => {
        if (perturb === undefined) asked.push(from);
        const same = [entry(1, [["x", "1"]], { begun: true })];
        const other = [entry(2, [["y", perturb === undefined ? "1" : "2"]], { begun: true })];
        return await Promise.resolve([from === undefined || from < 7 ? cut(same) : whole(other)]);
      },
    } as unknown as WorldRunner;
    const spec = { seed: 1, seats: [], environment: { kind: "gymnasium" } };
    const inputs = { runner: late, image: {}, spec } as unknown as LocateInputs;
    const located = async (step: number): Promise<unknown> => {
      const at = { ...suspect, divergence: { ...suspect.divergence, step } };
      return await locateCause(inputs, at, new Tracer(late));
    };
    expect(await located(9)).toMatchObject({ line: 2, name: "y", since: 7 });
    expect(asked).toEqual([undefined, 0, 1, 5, 7]);
    expect(await located(7), "at the step itself").toMatchObject({ line: 2, since: 7 });
    expect(await located(0), "no later than the step").toBe("trace-cut");
  });

  it("is not laid upon a line of before an episode that was alike", async () => {
    const [same, made] = [
      entry(1, [["x", "1"]], { begun: true }),
      (value: string) => entry(3, [["z", value]]),
    ];
    const traced = (isWhole: boolean): WorldRunner =>
      ({
        trace: async ({ perturb }: WorldChange, _: unknown, from?: number) =>
          await Promise.resolve([
            from === undefined
              ? cut([made(perturb === undefined ? "1" : "2"), same])
              : { entries: [same], isWhole },
          ]),
      }) as unknown as WorldRunner;
    const spec = { seed: 1, seats: [], environment: { kind: "gymnasium" } };
    const located = async (runner: WorldRunner): Promise<unknown> =>
      await locateCause({ runner, image: {}, spec } as unknown as LocateInputs, suspect, new Tracer(runner));
    expect(await located(traced(true))).toBe("traces-equal");
    expect(await located(traced(false))).toMatchObject({ line: 3 });
  });
});
