import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

test("the agent example does what its comments say", async () => {
  const example = fileURLToPath(new URL("../../examples/agent.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [example]);
  const lines = stdout.trim().split("\n");
  expect(lines[0]).toMatch(/^five dice under seed 7: \[[1-6](, [1-6]){4}\]$/);
  expect(lines.slice(1, 3).sort()).toEqual([
    "seed 1: terminated after 3 actions",
    "seed 2: terminated after 3 actions",
  ]);
  expect(lines.slice(3)).toEqual([
    "what the agent learned from: NameError: name 'value' is not defined",
    "2 of 2 gave the same bytes again; actions from the recording: agent",
  ]);
});
