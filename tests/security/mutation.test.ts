import { afterAll, beforeAll, expect, test } from "vitest";

import { worlds } from "../worlds.ts";
import { ImageCopy } from "./walls/image-copy.ts";
import { judge, judgeIntact } from "./walls/judge.ts";
import { mutations } from "./walls/mutations.ts";
import { changeArguments, changeSource, joinChanges } from "./walls/wall-change.ts";
import { bubblewrapArguments } from "../../src/sandbox/zygote/bubblewrap-arguments.ts";
import { sandboxPolicy, slotPolicy, type Verdict } from "../../src/sandbox/seccomp/policy.ts";
import { readRuntimeFiles } from "../../src/image/runtime-files.ts";
import { rootfsWord } from "./walls/wall-change.ts";

/*
 * A wall is tested by what gets through without it. Here a dozen steps are taken out, one of each kind; all of them are
 * by `npm run mutate-wall`, whose last result is docs/security/wall-mutations.md.
 */

const short = mutations.filter((each) => each.short === true);
let copy: ImageCopy;

beforeAll(() => {
  copy = ImageCopy.make();
});

afterAll(() => copy.remove());

test.for(worlds)("the intact wall holds every probe of the short list in the %s world", async (world) => {
  expect(await judgeIntact(copy, world, short)).toEqual([]);
});

test.for(short)("without $step it holds in neither world", async (mutation) => {
  const expected =
    mutation.probe === "refused" ? "refused" : mutation.silent === undefined ? "through" : "silent";
  for (const world of worlds) {
    const { outcome, alone } = await judge(copy, world, mutation);
    // Where each slot has an id of its own, that step may close the same hole.
    const due = outcome === "behind" && mutation.behind?.includes("own-id") === true ? outcome : expected;
    expect([world, outcome], alone).toEqual([world, due]);
  }
});

test("every mutation finds the step it takes out", () => {
  const sources = new Map(readRuntimeFiles().native.map(({ name, content }) => [name, content.toString()]));
  for (const { id, change } of mutations) {
    const { native, outer, slotPolicy: ofSlot, sandboxPolicy: ofSandbox } = joinChanges([change]);
    for (const { file } of native!) {
      expect(changeSource(file, sources.get(file)!, native!), id).not.toBe(sources.get(file));
    }
    expect(() => changeArguments(bubblewrapArguments(rootfsWord, {}), outer!), id).not.toThrow();
    expect(() => [ofSlot!(slotPolicy()), ofSandbox!(sandboxPolicy())], id).not.toThrow();
  }
});

test("every step of the outer wall, every limit and every filter rule has its mutation", () => {
  const text = JSON.stringify(mutations.map(({ step, change }) => [step, change]));
  const flags = bubblewrapArguments(rootfsWord, {}).filter((word) =>
    /^--(unshare|die|new|clear|cap|ro|remount)/.test(word),
  );
  for (const flag of flags) expect(text).toContain(flag);
  const wall = readRuntimeFiles()
    .native.find(({ name }) => name === "zygote/wall.c")!
    .content.toString();
  for (const [, limit] of wall.matchAll(/^ {2}limit\((\w+),/gm)) expect(text).toContain(`limit(${limit}`);
  const steps = mutations.map(({ step }) => step).join(" ");
  for (const [name, { verdict, rules }] of slotPolicy().calls) {
    if (verdict !== "allow" || rules.length > 0) expect(steps, name).toMatch(new RegExp(`\`${name}\``));
  }
  const single = mutations.filter(({ id }) => id.startsWith("rule-")).length;
  // What is answered without being done refuses nothing: taking it out leaves less, not more.
  const isAnswered = (verdict: Verdict): boolean => typeof verdict === "object" && verdict.errno === 0;
  const rules = [...slotPolicy().calls.values()].flatMap((call) =>
    call.rules.filter(({ verdict }) => verdict !== "allow" && !isAnswered(verdict)),
  );
  expect(single).toBe(rules.length);
  for (const [name] of sandboxPolicy().calls) expect(steps, name).toMatch(new RegExp(`\`${name}\``));
});

test("a mutation whose step is gone says so", () => {
  expect(() =>
    changeSource("zygote/wall.c", "int a;", [{ file: "zygote/wall.c", from: "int b;", to: "" }]),
  ).toThrow("holds 0 times");
  expect(() => changeArguments(["--a", "--a"], [{ from: ["--a"], to: [] }])).toThrow("hold 2 times");
});
