/* What the types forbid and JavaScript passes on all the same is refused as misuse: nothing is done, and nothing ends. */
import { afterAll, beforeAll, expect, test } from "vitest";

import * as sdk from "../../../src/index.ts";

let box: sdk.Sandbox;
beforeAll(async () => {
  box = await sdk.Sandbox.create();
});
afterAll(sdk.closeSandboxes);

/** A value that the types do not let through. */
const wrong = (value: unknown): never => value as never;
const misuse = (message: RegExp, hint?: RegExp): unknown =>
  expect.objectContaining({
    code: "bad_argument",
    message: expect.stringMatching(message) as unknown,
    ...(hint === undefined ? {} : { hint: expect.stringMatching(hint) as unknown }),
  });

const noBytes: readonly (readonly [name: string, data: unknown, hint?: RegExp])[] = [
  ["undefined", undefined],
  ["null", null],
  ["number", 5, /String\(data\)/],
  ["object", { a: 1 }, /JSON\.stringify/],
  ["a list", [1, 2, 3], /JSON\.stringify/],
  ["a promise", Promise.resolve("text"), /await/],
  ["an ArrayBuffer", new ArrayBuffer(8), /new Uint8Array\(buffer\)/],
  ["a Float64Array", new Float64Array(20), /byteOffset/],
];

test.for(noBytes)("%s is nothing that can be written", async ([kind, data, hint]) => {
  const refused = misuse(new RegExp(`takes text or bytes, not ${kind}$`), hint);
  await box.files.write("kept", "what it held");
  await expect(box.files.write("kept", wrong(data))).rejects.toEqual(refused);
  expect(await box.files.readText("kept")).toBe("what it held");

  const cat = box.startProcess("cat");
  await expect(cat.write(wrong(data))).rejects.toEqual(refused);
  await cat.write("more");
  await cat.end();
  expect(await cat.wait()).toMatchObject({ exitCode: 0, stdoutText: "more" });
  await expect(box.run("cat", { input: parts("some", data) })).rejects.toEqual(refused);
});

/** Not a generator: one that yields a promise waits for it. */
function parts(...items: readonly unknown[]): AsyncIterable<never> {
  const left = items[Symbol.iterator]();
  return { [Symbol.asyncIterator]: () => ({ next: async () => await Promise.resolve(wrong(left.next())) }) };
}

test("an archive is bytes", async () => {
  await expect(box.files.unpack(wrong("text"))).rejects.toEqual(misuse(/an archive's bytes, not string$/));
});

const fileCalls: Readonly<Record<string, readonly [() => Promise<unknown>, RegExp]>> = {
  "a path that is a number": [() => box.files.write(wrong(5), "x"), /^a path is text, not number$/],
  "no path": [() => box.files.read(wrong(undefined)), /^a path is text, not undefined$/],
  "a signal that is none": [
    () => box.files.list("/tmp", { signal: wrong({}) }),
    /^signal of files\.list is an AbortSignal, not object$/,
  ],
  "a mode as text": [
    () => box.files.write("m", "x", { mode: wrong("0755") }),
    /^mode of files\.write is not valid: .*0o777/,
  ],
  "a negative mode": [() => box.files.write("m", "x", { mode: -1 }), /0o777/],
  "more than permission bits": [() => box.files.write("m", "x", { mode: 0o77777 }), /0o777/],
  "bytes as text": [() => box.files.read("m", { maxBytes: wrong("5") }), /^maxBytes of files\.read/],
  "bytes that are no number": [() => box.files.pack({ maxBytes: Number.NaN }), /^maxBytes of files\.pack/],
  "a flag as text": [
    () => box.files.remove("m", { recursive: wrong("false") }),
    /^recursive of files\.remove/,
  ],
};

test.each(Object.entries(fileCalls))("%s", async (_, [call, message]) => {
  await expect(call()).rejects.toEqual(misuse(message));
});

test("no limit of bytes is a limit too", async () => {
  await box.files.write("all", "of it");
  expect(await box.files.readText("all", { maxBytes: Number.POSITIVE_INFINITY })).toBe("of it");
});

const noSignals: readonly (readonly [signal: unknown, hint: RegExp])[] = [
  ["SIGBREAK", /SIGTERM, SIGINT or SIGKILL/],
  ["SIGINFO", /SIGTERM/],
  ["SIGLOST", /SIGTERM/],
  ["SIGUNUSED", /SIGTERM/],
  ["toString", /SIGTERM/],
  ["term", /did you mean SIGTERM/],
  [9, /did you mean SIGKILL/],
  [0, /SIGTERM/],
  [null, /SIGTERM/],
];

test.for(noSignals)("%j is no signal's name, and the sandbox goes on", async ([signal, hint]) => {
  const sleeps = box.startProcess("sleep", { args: ["60"] });
  expect(() => sleeps.kill(wrong(signal))).toThrow(misuse(/is not the name of a signal of Linux$/, hint));
  sleeps.kill("SIGTERM");
  expect(await sleeps.wait()).toMatchObject({ signal: "SIGTERM", sandboxEnded: null });
});

const envName = "CartPole-v1";
const seats = { policyX: "greedy", policyO: "random" };
const askSeeds: Readonly<Record<string, (seeds: never) => unknown>> = {
  collectRollouts: (seeds) => sdk.collectRollouts({ envName, seeds }),
  openRollouts: async (seeds) => await sdk.openRollouts({ envName, count: 1, seeds }),
  recordRun: async (seeds) => await sdk.recordRun({ envName, seeds }),
  evaluateReturns: async (seeds) => await sdk.evaluateReturns({ envName, seeds }),
  compareReturns: async (seeds) =>
    await sdk.compareReturns({ envName, seeds, policyA: "random", policyB: "random" }),
  evaluateMatchup: async (seeds) => await sdk.evaluateMatchup({ ...seats, seeds }),
  comparePolicies: async (seeds) => await sdk.comparePolicies({ ...seats, seeds }),
  auditEnvironment: async (seeds) => await sdk.auditEnvironment({ envName, seeds }),
  checkEnvironment: async (seeds) => await sdk.checkEnvironment({ envName, seeds }),
};
const noLists: readonly (readonly [name: string, seeds: unknown])[] = [
  ["number", 100],
  ["object", { from: 1, to: 3 }],
  ["boolean", true],
  ["string", "1..3"],
  ["null", null],
];

test.for(Object.entries(askSeeds))("%s refuses seeds that are no list", async ([name, ask]) => {
  for (const [kind, seeds] of noLists) {
    // openRollouts counts up from a number.
    if (name === "openRollouts" && kind === "number") continue;
    await expect(settle(() => ask(wrong(seeds)))).rejects.toEqual(
      misuse(new RegExp(`^seeds is a list of seeds, not ${kind}$`), /\[1, 2, 3\]/),
    );
  }
  await expect(settle(() => ask(wrong(["1"])))).rejects.toEqual(misuse(/^1 is not a seed$/, /this is text$/));
});

/** Resolves or rejects as a call does, whether it throws at once, later, or when its results are asked for. */
async function settle(call: () => unknown): Promise<void> {
  const asked = await call();
  if (typeof asked === "object" && asked !== null && "results" in asked)
    await (asked as sdk.RolloutBatch).results();
}

test("seeds of a run may be any iterable", async () => {
  const result = await sdk.evaluateReturns({ envName, seeds: new Set([1, 2]) });
  expect(result.seeds).toEqual([1, 2]);
});

test("a function is told by its name, and not as a list of actions", async () => {
  const compared = await sdk.compareReturns({
    envName,
    seeds: [1],
    policyA: function left() {
      return 0;
    },
    policyB: (
      () => () =>
        1
    )(),
  });
  expect([compared.a, compared.b]).toEqual(["the function left", "a function"]);
});

const others: Readonly<Record<string, readonly [() => unknown, RegExp]>> = {
  "runRollout, signal": [
    async () => await sdk.runRollout({ envName, seed: 1, signal: wrong({}) }),
    /^signal of runRollout is an AbortSignal, not object$/,
  ],
  "verifyRun, no folder": [
    async () => await sdk.verifyRun(wrong(undefined)),
    /folder is a path, not undefined$/,
  ],
  "verifyRun, options alone": [async () => await sdk.verifyRun(wrong({ dir: "x" })), /not object$/],
  "diffRuns, one folder": [async () => await sdk.diffRuns("runs/none", wrong(undefined)), /not undefined$/],
  "recordRun, folder": [
    async () => await sdk.recordRun({ envName, seeds: [1], dir: wrong(5) }),
    /folder is a path, not number$/,
  ],
};

test.each(Object.entries(others))("%s", async (_, [call, message]) => {
  await expect(settle(call)).rejects.toEqual(misuse(message));
});
