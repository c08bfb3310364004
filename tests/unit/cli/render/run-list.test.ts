import { expect, it } from "vitest";

import { formatRuns } from "../../../../src/cli/render/run-list.ts";

const folder = "runs/FrozenLake-v1-20261128-202743-db0e";
const rows = [[folder, "FrozenLake-v1", "random", "3", "0.5", "2026-11-28 20:27"]];

it("a table of runs leaves columns out where there is no room, and never cuts a folder", () => {
  const titlesAt = (width?: number): string => formatRuns(rows, width)[0]!.replaceAll(/ {2,}/g, " · ");
  expect(titlesAt()).toBe("run · environment · policy · rollouts · mean return · recorded (UTC)");
  expect(titlesAt(120)).toBe(titlesAt());
  expect(titlesAt(100)).toBe("run · environment · policy · rollouts · mean return");
  expect(titlesAt(80)).toBe("run · environment · rollouts · mean return");
  for (const width of [120, 100, 80, 64]) {
    const lines = formatRuns(rows, width);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(width);
    expect(lines[1]).toContain(folder);
    expect(lines[1]).toContain("0.5");
  }
  expect(formatRuns(rows, 20)[1]).toContain(folder);
});
