import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { sha256 } from "../../../src/base/digest.ts";
import { leafOf, merkleRoot } from "../../../src/fleet/merkle.ts";
import { summaryOf } from "./some-rollouts.ts";

describe("a Merkle root", () => {
  const leaves = (words: readonly string[]): Buffer[] => words.map((word) => sha256(word));
  const root = (words: readonly string[]): string => merkleRoot(leaves(words));

  it("is another one for every other list", () => {
    const words = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 9 });
    fc.assert(
      fc.property(words, words, (one, other) => {
        expect(root(one) === root(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
      { numRuns: 500 },
    );
  });

  it("is that of pairs of pairs, level by level, with the last one of an odd level as it is", () => {
    const byLevels = (level: Buffer[]): Buffer => {
      if (level.length < 2) return level[0] ?? Buffer.alloc(0);
      const pairs = Array.from({ length: Math.ceil(level.length / 2) }, (_, at) => {
        const [left, right] = level.slice(2 * at, 2 * at + 2);
        return right === undefined
          ? left!
          : sha256(Buffer.concat([Buffer.from("sameseed/node/1\0"), left!, right]));
      });
      return byLevels(pairs);
    };
    for (let count = 0; count <= 70; count++) {
      const all = leaves(Array.from({ length: count }, (_, at) => String(at)));
      const whole = Buffer.concat([Buffer.from(`sameseed/merkle/1\0${count}\0`), byLevels(all)]);
      expect(merkleRoot(all)).toBe(sha256(whole).toString("hex"));
    }
  });

  it("does not take a node for a leaf", () => {
    const [a, b, c] = leaves(["a", "b", "c"]);
    const node = sha256(Buffer.concat([Buffer.from("sameseed/node/1\0"), a!, b!]));
    expect(merkleRoot([node, c!])).not.toBe(merkleRoot([a!, b!, c!]));
  });
});

describe("a leaf", () => {
  it("depends on spec, seed, outcome and digest", () => {
    const base = summaryOf({ seed: 1 });
    const own = leafOf("s", base).toString("hex");
    const others = [
      leafOf("t", base),
      leafOf("s", summaryOf({ seed: 2 })),
      leafOf("s", summaryOf({ seed: 1, outcome: "truncated" })),
      leafOf("s", summaryOf({ seed: 1, digest: `sha256:${"1".repeat(64)}` })),
    ].map((leaf) => leaf.toString("hex"));
    expect(new Set([own, ...others]).size).toBe(5);
    expect(
      leafOf("s", summaryOf({ seed: 1, timings: { startMs: 9, runMs: 9, totalMs: 9 } })).toString("hex"),
    ).toBe(own);
  });

  it("leaves out what the load of a machine decides", () => {
    const cut = (digest: string): string =>
      leafOf(
        "s",
        summaryOf({ seed: 1, outcome: "wall_limit", digest: `sha256:${digest.repeat(64)}` }),
      ).toString("hex");
    expect(cut("1")).toBe(cut("2"));
    const raised = (digest: string): string =>
      leafOf(
        "s",
        summaryOf({
          seed: 1,
          outcome: "env_error",
          digest: `sha256:${digest.repeat(64)}`,
          error: { by: "environment", kind: "raised", type: "ValueError", message: "" },
        }),
      ).toString("hex");
    expect(raised("1")).not.toBe(raised("2"));
  });
});
