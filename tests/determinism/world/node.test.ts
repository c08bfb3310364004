/* A program of another kind: Node, with its pool of threads, workers and a JIT, started in a sealed sandbox. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { Sandbox } from "../../../src/sandbox/sandbox.ts";

const program = readFileSync(join(import.meta.dirname, "programs", "threads.mjs"));
const node = readFileSync(process.execPath);

async function run(world: "sealed" | "host", seed?: number): Promise<Record<string, string>> {
  const options = { world, ...(seed === undefined ? {} : { seed }), memoryMb: 3072, diskMb: 256 };
  await using sandbox = await Sandbox.create(options);
  await sandbox.files.write("node", node);
  await sandbox.files.write("threads.mjs", program);
  const started = await sandbox.run("sh", {
    args: ["-c", "chmod 755 node && exec ./node threads.mjs"],
    timeoutMs: 30_000,
  });
  const { exitCode, signal, stderrText, stdoutText } = started;
  expect({ exitCode, signal, stderrText }).toEqual({ exitCode: 0, signal: null, stderrText: "" });
  return Object.fromEntries(
    stdoutText
      .trimEnd()
      .split("\n")
      .map((line) => line.split(/ (.*)/).slice(0, 2)),
  );
}

describe("Node in a sealed sandbox", () => {
  it("prints the same five times out of five", async () => {
    const first = await run("sealed", 1);
    expect(Object.keys(first).length).toBe(8);
    for (let again = 0; again < 4; again++) expect(await run("sealed", 1)).toEqual(first);
  }, 240_000);

  it("begins in the year 2000, sleeps an hour in no time, and has one processor", async () => {
    const { clocks, slept, names } = await run("sealed", 1);
    expect(clocks).toMatch(/^9466848000\d\d .* 2000-01-01T00:00:00\.\d{3}Z$/);
    expect(Number(slept)).toBeGreaterThanOrEqual(946_684_800_000 + 3_600_000);
    expect(names).toMatch(/^sandbox 1 0,0,0 /);
  });

  it("has other chances with another seed", async () => {
    const [one, two] = [await run("sealed", 1), await run("sealed", 2)];
    for (const name of ["chances", "web"]) expect(two[name]).not.toBe(one[name]);
    expect(two["names"]).toBe(one["names"]);
  });
});
