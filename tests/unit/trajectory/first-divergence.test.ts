import fc, { type Arbitrary } from "fast-check";
import { expect, test } from "vitest";
import { chainOf } from "../../../src/trajectory/trajectory-chain.ts";
import type { CborValue } from "../../../src/model/cbor/value.ts";
import type { Divergence } from "../../../src/model/trajectory.ts";
import { firstDivergence } from "../../../src/trajectory/first-divergence.ts";
import {
  bool,
  bytes,
  entriesOf,
  episode,
  float,
  float32s,
  int,
  map,
  store,
  text,
  type RecordFields,
} from "./trajectories.ts";

function compare(a: readonly RecordFields[], b: readonly RecordFields[]): Divergence | undefined {
  return firstDivergence(chainOf(store(a, '{"seed":1}')), chainOf(store(b, '{"seed":2}')));
}

function inside(value: CborValue | undefined, change: Readonly<Record<string, CborValue>>): CborValue {
  return map({ ...Object.fromEntries(entriesOf(value)), ...change });
}

/** One change of one value, and the path it must be reported under. */
interface Change {
  readonly path: string;
  readonly field: string;
  readonly apply: (record: RecordFields) => RecordFields;
}

const digest = bytes(new Uint8Array(32).fill(99));

const resetChanges: readonly Change[] = [
  ...[0, 1, 2, 3].map((at): Change => {
    const values = [0, 0, 0, 0].map((_, other) => (other === at ? 77 : undefined));
    const apply = (record: RecordFields): RecordFields => ({
      ...record,
      observation: replaceFloats(record["observation"], values),
    });
    return { path: `observation[${at}]`, field: "observation", apply };
  }),
  ...["env", "action_space", "observation_space"].map((name): Change => ({
    path: `hidden.${name}`,
    field: "hidden",
    apply: (record) => ({ ...record, hidden: inside(record["hidden"], { [name]: digest }) }),
  })),
  {
    path: "info.late",
    field: "info",
    apply: (record) => ({ ...record, info: inside(record["info"], { late: int(1) }) }),
  },
];

const stepChanges: readonly Change[] = [
  ...resetChanges,
  { path: "action", field: "action", apply: (record) => ({ ...record, action: int(5) }) },
  { path: "reward", field: "reward", apply: (record) => ({ ...record, reward: float(1.5) }) },
  { path: "terminated", field: "terminated", apply: (record) => ({ ...record, terminated: int(1) }) },
  { path: "truncated", field: "truncated", apply: (record) => ({ ...record, truncated: bool(true) }) },
  {
    path: "info.episode.name",
    field: "info",
    apply: (record) => ({
      ...record,
      info: map({ episode: inside(entriesOf(record["info"])[0]?.[1], { name: text("b") }) }),
    }),
  },
];

function replaceFloats(value: CborValue | undefined, changes: readonly (number | undefined)[]): CborValue {
  if (value?.type !== "ndarray") throw new TypeError("not an array");
  const floats = new Float32Array(value.data.slice().buffer);
  for (const [at, change] of changes.entries()) if (change !== undefined) floats[at] = change;
  return float32s(...floats);
}

const mutation: Arbitrary<{ steps: number; at: number; change: Change }> = fc
  .integer({ min: 1, max: 40 })
  .chain((steps) => fc.tuple(fc.constant(steps), fc.integer({ min: 0, max: steps })))
  .chain(([steps, at]) =>
    fc.record({
      steps: fc.constant(steps),
      at: fc.constant(at),
      change: fc.constantFrom(...(at === 0 ? resetChanges : stepChanges)),
    }),
  );

test("one changed value is reported at exactly its step and path, all other fields agreeing", () => {
  fc.assert(
    fc.property(mutation, ({ steps, at, change }) => {
      const records = episode(steps);
      const changed = records.map((record, k) => (k === at ? change.apply(record) : record));
      const divergence = compare(records, changed);
      expect(divergence).toMatchObject({
        step: at,
        field: change.field,
        path: change.path,
        differing: [change.field],
      });
      const all = ["end", "action", "observation", "reward", "terminated", "truncated", "info", "hidden"];
      expect(divergence?.agreeing).toEqual(all.filter((name) => name !== change.field));
    }),
    { numRuns: 300 },
  );
});

test("every step of an episode is found", () => {
  const records = episode(33);
  for (let at = 1; at <= 33; at++) {
    const changed = records.map((record, k) =>
      k >= at && k <= 33 ? { ...record, reward: float(2) } : record,
    );
    expect(compare(records, changed)).toMatchObject({ step: at, field: "reward", expected: 1, actual: 2 });
  }
});

test("equal records diverge nowhere, whatever their manifests", () => {
  expect(compare(episode(5), episode(5))).toBeUndefined();
  expect(compare([], [])).toBeUndefined();
});

test("a trajectory that goes on longer is a divergence of length", () => {
  const expected = {
    step: 4,
    field: "length",
    path: "length",
    expected: 3,
    actual: 7,
    differing: ["length"],
  };
  const short = [...episode(7).slice(0, 4), ...episode(3).slice(4)];
  expect(compare(short, episode(7))).toMatchObject(expected);
  expect(compare(episode(7), short)).toMatchObject({ ...expected, expected: 7, actual: 3 });
  expect(compare(short, episode(7))?.agreeing).not.toContain("end");
});

test("a trajectory that was cut off ends where the other goes on", () => {
  const records = episode(7);
  expect(compare(records, records.slice(0, 3))).toMatchObject({
    step: 3,
    field: "length",
    expected: 7,
    actual: 2,
  });
  expect(compare(records, records.slice(0, -1))).toMatchObject({
    step: 8,
    field: "end",
    expected: "terminated",
    actual: null,
    actualType: "absent",
  });
  expect(compare([], records)).toMatchObject({
    step: 0,
    field: "length",
    expected: 0,
    actual: 7,
    agreeing: [],
  });
});

test("a rollout that failed in its reset differs by its end", () => {
  const failed = { k: int(0), end: text("env_error"), hidden: map({}) };
  expect(compare(episode(0), [failed])).toMatchObject({
    step: 0,
    field: "end",
    expected: null,
    actual: "env_error",
  });
});

test("closing records differ by their outcome before anything else", () => {
  const records = episode(2);
  const error = map({ type: text("ValueError"), message: text("bad"), step: int(3) });
  const failed = [...records.slice(0, -1), { ...records.at(-1), end: text("env_error"), error }];
  expect(compare(records, failed)).toMatchObject({
    step: 3,
    field: "end",
    expected: "terminated",
    actual: "env_error",
    differing: ["end", "error"],
  });
  const other = [
    ...records.slice(0, -1),
    { ...failed.at(-1), error: inside(error, { message: text("worse") }) },
  ];
  expect(compare(failed, other)).toMatchObject({
    field: "error",
    path: "error.message",
    expected: "bad",
    actual: "worse",
  });
  const without = [...records.slice(0, -1), { ...records.at(-1), end: text("env_error") }];
  expect(compare(failed, without)).toMatchObject({ field: "error", path: "error", actualType: "absent" });
});

test("the most telling field is reported first, the others listed", () => {
  const records = episode(3);
  const changed = [...records];
  changed[2] = { ...records[2], action: int(9), reward: float(0), hidden: map({}) };
  expect(compare(records, changed)).toMatchObject({
    field: "action",
    differing: ["action", "reward", "hidden"],
  });
});

test("a field that differs only later does not agree", () => {
  const records = episode(6);
  const changed = [...records];
  changed[2] = { ...records[2], reward: float(0) };
  changed[5] = { ...records[5], truncated: bool(true) };
  const divergence = compare(records, changed);
  expect(divergence?.step).toBe(2);
  expect(divergence?.agreeing).toEqual(["end", "action", "observation", "terminated", "info", "hidden"]);
});

test("chains of a long trajectory are searched, not scanned", () => {
  const long = chainOf(store(episode(2000)));
  const other = chainOf(store(episode(2000)));
  const reads: number[] = [];
  const watched = { ...long, contentLinks: watch(long.contentLinks, reads) };
  expect(firstDivergence(watched, other)).toBeUndefined();
  expect(reads.length).toBeLessThanOrEqual(12);
});

function watch(links: Uint8Array, reads: number[]): Uint8Array {
  const subarray = links.subarray.bind(links);
  links.subarray = (start, end): Uint8Array<ArrayBuffer> => {
    reads.push(start ?? 0);
    return Uint8Array.from(subarray(start, end));
  };
  return links;
}
