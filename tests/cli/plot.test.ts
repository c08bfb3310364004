/* `--plot FILE.svg`: a drawing of what was found, from the code that draws the viewer's. */
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";

import { benchFigure } from "../../src/cli/plot-file.ts";
import { svgText } from "../../src/view/draw/figure.ts";
import { Workplace } from "./sameseed.ts";

const place = new Workplace();
afterAll(() => place[Symbol.dispose]());

/** What a drawing says, in the order it says it. */
function textOf(name: string): string {
  const svg = readFileSync(place.path(name), "utf8");
  expect(svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/);
  expect(svg.trimEnd()).toMatch(/<\/svg>$/);
  expect(svg).not.toMatch(/<script|href=|NaN|undefined/);
  return svg.replaceAll(/<[^>]*>/g, " ");
}

describe.concurrent("--plot", { timeout: 60_000 }, () => {
  it.for<readonly [name: string, args: readonly string[], says: readonly RegExp[]]>([
    [
      "eval",
      ["eval", "--x", "random", "--env", "CartPole-v1", "--seeds", "1..4"],
      [/random in CartPole-v1/, /return/],
    ],
    ["league", ["league", "random", "greedy", "--games", "4", "--out", "league"], [/greedy/, /random/]],
    [
      "train",
      ["train", "--episodes", "1000", "--evaluate-every", "1000", "--max-pairs", "2", "--out", "train.py"],
      [/Evidence for each round/, /not promoted/],
    ],
  ])("of %s", async ([name, args, says]) => {
    const { code, stderr } = await place.run([...args, "--plot", `${name}.svg`]);
    expect([0, 1], stderr).toContain(code);
    const text = textOf(`${name}.svg`);
    for (const each of says) expect(text).toMatch(each);
  });

  it("writes over nothing, and only SVG, before anything is run", async () => {
    const eval1 = ["eval", "--x", "random", "--env", "CartPole-v1", "--seeds", "1"];
    const taken = await new Workplace({ "taken.svg": "mine" }).run([...eval1, "--plot", "taken.svg"]);
    expect(taken.code).toBe(2);
    expect(taken.stderr).toContain("is there already");
    for (const command of [eval1, ["league", "random", "greedy"], ["train"], ["bench", "start"]]) {
      const png = await place.run([...command, "--plot", "a.png"]);
      expect(png.code, command[0]).toBe(2);
      expect(png.stderr).toContain("SVG");
    }
  });
});

it("of bench draws the ratios, above what they are held to", () => {
  const ratio = { name: "open / read every row", value: 0.4, unit: "x", reach: { most: 0.6 } };
  const text = svgText(benchFigure([{ name: "open", value: 900, unit: "ms" }, ratio]));
  expect(text).toContain("open / read every row");
  expect(text).not.toContain("900");
  expect(svgText(benchFigure([]))).toMatch(/^<svg /);
});
