/* The swarm comes to the same winner whatever comes first, and a scout that is broken is only last. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

const example = join(import.meta.dirname, "..", "..", "examples", "swarm.ts");

it("swarm.ts finds the scout that its seeds give", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [example], {
    encoding: "utf8",
    timeout: 55_000,
  });
  expect(status, stdout + stderr).toBe(0);
  expect(stderr).toBe("");
  expect(stdout).not.toContain("broken:");
  expect(stdout.match(/scout-\d-\d: mean return [\d.]+/g)).toEqual([
    "scout-1-3: mean return 9.75",
    "scout-1-6: mean return 9.75",
    "scout-2-6: mean return 131.5",
    "scout-2-4: mean return 61.5",
  ]);
  expect(stdout).toMatch(/\nwinner: scout-2-6\n$/);
});
