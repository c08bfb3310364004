/*
 * Whoever sees colours otherwise tells the page's apart. Protanopia, deuteranopia and tritanopia are simulated with the matrices
 * of Machado, Oliveira and Fernandes (2009) at full severity, in linear light; differences are distances in OKLab.
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";

import { svgText } from "../../../src/view/draw/figure.ts";
import { linePlot } from "../../../src/view/draw/plots.ts";

type Triple = readonly [number, number, number];

const visions: Readonly<Record<string, readonly [Triple, Triple, Triple]>> = {
  usual: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

const css = readFileSync(resolve("viewer/src/style.css"), "utf8");
const colours = new Map(
  Array.from(css.matchAll(/--([\w-]+): light-dark\((#\w{3,6}), (#\w{3,6})\)/g), ([, name, day, night]) => [
    name!,
    [day!, night!] as const,
  ]),
);

function colour(name: string, at: number): string {
  return colours.get(name)?.[at] ?? expect.unreachable(`the style has no colour ${name}`);
}

function linear(hex: string): Triple {
  const digits = hex.length === 4 ? hex.replaceAll(/\w/g, "$&$&") : hex;
  const channel = (at: number): number => {
    const level = Number.parseInt(digits.slice(at, at + 2), 16) / 255;
    return level <= 0.04045 ? level / 12.92 : ((level + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

function times(rows: readonly [Triple, Triple, Triple], [x, y, z]: Triple): Triple {
  return [
    rows[0][0] * x + rows[0][1] * y + rows[0][2] * z,
    rows[1][0] * x + rows[1][1] * y + rows[1][2] * z,
    rows[2][0] * x + rows[2][1] * y + rows[2][2] * z,
  ];
}

const toCones: readonly [Triple, Triple, Triple] = [
  [0.4122214708, 0.5363325363, 0.0514459929],
  [0.2119034982, 0.6806995451, 0.1073969566],
  [0.0883024619, 0.2817188376, 0.6299787005],
];
const toLab: readonly [Triple, Triple, Triple] = [
  [0.2104542553, 0.793617785, -0.0040720468],
  [1.9779984951, -2.428592205, 0.4505937099],
  [0.0259040371, 0.7827717662, -0.808675766],
];

/** How far apart two colours are; white and black are 1 apart. */
function distance(a: string, b: string, vision: string): number {
  const labOf = (hex: string): Triple => {
    const seen = times(visions[vision]!, linear(hex));
    const inside: Triple = [clamped(seen[0]), clamped(seen[1]), clamped(seen[2])];
    const cones = times(toCones, inside);
    return times(toLab, [Math.cbrt(cones[0]), Math.cbrt(cones[1]), Math.cbrt(cones[2])]);
  };
  const [one, other] = [labOf(a), labOf(b)];
  return Math.hypot(one[0] - other[0], one[1] - other[1], one[2] - other[2]);
}

function clamped(level: number): number {
  return Math.max(0, Math.min(1, level));
}

/** The contrast of WCAG 2. */
function contrast(a: string, b: string): number {
  const light = (hex: string): number => {
    const [red, green, blue] = linear(hex);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [low = 0, high = 0] = [light(a), light(b)].sort((one, other) => one - other);
  return (high + 0.05) / (low + 0.05);
}

function closest(names: readonly string[], vision: string): readonly [number, string] {
  const pairs = names.flatMap((a, at) =>
    names.slice(at + 1).map((b) => [distance(a, b, vision), `${a} ${b}`] as const),
  );
  return pairs.reduce((least, pair) => (pair[0] < least[0] ? pair : least));
}

const kinds = ["series", "policy", "environment", "limit", "host"];
const lines = ["series", "policy", "good", "environment", "limit"];

describe.for([
  ["day", 0],
  ["night", 1],
] as const)("by %s", ([, at]) => {
  it.for(Object.keys(visions))("kinds of outcomes and lines of a plot are apart for %s eyes", (vision) => {
    for (const names of [kinds, lines]) {
      const [least, pair] = closest(
        names.map((name) => colour(name, at)),
        vision,
      );
      expect(least, pair).toBeGreaterThanOrEqual(0.09);
    }
  });

  it.for([
    ["text", 4.5],
    ["quiet", 4.5],
    ["link", 4.5],
    ["good", 4.5],
    ["bad", 4.5],
    ["warn", 4.5],
    ["focus", 3],
    ...kinds.map((name) => [name, 3] as const),
  ] as const)("%s has a contrast of %d to what it stands on", ([name, least]) => {
    for (const paper of ["paper", "raised"])
      expect(contrast(colour(name, at), colour(paper, at)), paper).toBeGreaterThanOrEqual(least);
  });
});

it("draws the lines of a plot in a file in those colours, each with dashes of its own and its name", () => {
  const names = ["a", "b", "c", "d", "e"];
  const svg = svgText(
    linePlot({
      width: 460,
      height: 180,
      title: "Lines",
      unit: "step",
      x: [0, 1],
      lines: names.map((name, at) => ({ name, values: [at, at] })),
    }),
  );
  const dashes = new Set<string>();
  for (const [at, name] of lines.entries()) {
    expect(svg).toContain(`>${names[at]}</text>`);
    for (const night of [0, 1]) expect(svg).toContain(`stroke: ${colour(name, night)}`);
    if (at === 0) continue;
    const dash = new RegExp(`\\.line${at} \\{ stroke: #\\w+; stroke-dasharray: ([\\d ]+);`).exec(svg)?.[1];
    dashes.add(dash ?? "");
    expect(css.replaceAll(/\s+/g, " ")).toContain(`stroke-dasharray: ${dash};`);
  }
  expect([dashes.size, dashes.has("")]).toEqual([4, false]);
});
