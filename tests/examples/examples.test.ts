/* Every example runs as it stands, ends by itself, and prints what it promises. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const folder = join(import.meta.dirname, "..", "..", "examples");
/** Those that have no test of their own beside this one. */
const others = readdirSync(folder).filter(
  (name) =>
    name.endsWith(".ts") &&
    name !== "cartpole.ts" &&
    !existsSync(join(import.meta.dirname, name.replace(/\.ts$/, ".test.ts"))),
);

function run(name: string): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, name)], {
    encoding: "utf8",
    timeout: 55_000,
  });
  expect(status, stdout + stderr).toBe(0);
  expect(stderr).toBe("");
  return stdout;
}

it("cartpole.ts gives eight seeds the same bytes twice", () => {
  const lines = run("cartpole.ts").trim().split("\n");
  expect(
    lines.filter((line) => /^4[2-9] +(terminated|truncated) .* sha256:[0-9a-f]{12}  equal$/.test(line)),
  ).toHaveLength(8);
  expect(new Set(lines.slice(1, 9).map((line) => line.match(/sha256:\w+/)?.[0])).size).toBe(8);
  expect(lines.at(-1)).toMatch(/^mean return \d+(\.\d+)?; 8 of 8 rollouts gave the same bytes again$/);
});

it.for(others)("%s runs", (name) => {
  expect(run(name)).not.toBe("");
});
