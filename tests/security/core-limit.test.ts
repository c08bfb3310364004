/* What keeps cores of a sandbox's programs from the host, and hosts whose hard limit of core files is 0, as hardened systems have it. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { afterAll, expect, test } from "vitest";

import { Sandbox } from "../../src/sandbox/sandbox.ts";
import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { eventually, markedPids, sleepMarker } from "../../src/testing/contract-check.ts";
import { worlds } from "../worlds.ts";

afterAll(closeSandboxes);

const index = fileURLToPath(new URL("../../src/index.ts", import.meta.url));
const program = `
import { Sandbox, closeSandboxes } from ${JSON.stringify(index)};
try {
  await using sandbox = await Sandbox.create();
  const { stdoutText } = await sandbox.run("python3", {
    args: ["-c", "import resource; print(resource.getrlimit(resource.RLIMIT_CORE))"],
  });
  console.log(stdoutText.trim());
} catch (error) {
  console.log(error.code, error.message, error.hint);
}
await closeSandboxes();
`;

test("a hard limit of 0 is used where the kernel hands core files to no program, and else refused with the fix", () => {
  const line = 'ulimit -c 0 && exec "$0" --input-type=module -e "$1"';
  const run = spawnSync("sh", ["-c", line, process.execPath, program], { encoding: "utf8" });
  const isPiped = readFileSync("/proc/sys/kernel/core_pattern", "utf8").startsWith("|");
  expect(run.stdout, run.stderr).toMatch(isPiped ? /^wall_unavailable .*LimitCORE=1/s : /^\(0, 0\)\n$/);
});

test.for(worlds)(
  "what a program started in the %s world would leave holds none of its memory",
  async (world) => {
    await using sandbox = await Sandbox.create({ world });
    const marker = sleepMarker();
    sandbox.startProcess("python3", { args: ["-c", "import sys; sys.stdin.read()", marker] });
    expect(await eventually(() => markedPids(marker).length === 1)).toBe(true);
    const [pid] = markedPids(marker);
    expect(readFileSync(`/proc/${pid}/coredump_filter`, "utf8").trim()).toBe("00000000");
  },
);
