/*
 * That the bad policies really try: where policies, board, chance and judge share a process, those that say so in their
 * header get through. The game is then another than the honest policy's, or none at all.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

import type { CommandResult } from "../../src/sandbox/command-types.ts";
import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { Sandbox } from "../../src/sandbox/sandbox.ts";
import { honestSource, loadBadPolicies, opponentSource } from "./bad-policies.ts";

const game = readFileSync(join(import.meta.dirname, "fixtures/in_process_game.py"), "utf8");
const controlled = loadBadPolicies().filter(({ control }) => control);

afterAll(closeSandboxes);

async function playInProcess(source: string): Promise<CommandResult> {
  await using sandbox = await Sandbox.create({ timeoutMs: 60_000 });
  await sandbox.files.write("game.py", game);
  await sandbox.files.write("policy.py", source);
  await sandbox.files.write("opponent.py", opponentSource);
  return await sandbox.run("python3", { args: ["-B", "game.py", "policy.py", "opponent.py"] });
}

let honest = "";
beforeAll(async () => {
  const { exitCode, stdoutText, stderrText } = await playInProcess(honestSource);
  expect(exitCode, stderrText).toBe(0);
  expect(stdoutText.trim().split("\n")).toHaveLength(2);
  honest = stdoutText;
});

it("the honest game in one process is the same again", async () => {
  expect((await playInProcess(honestSource)).stdoutText).toBe(honest);
});

it.for(controlled)("$id gets through where all share a process", async ({ source }) => {
  const { stdoutText, stderrText, timedOut } = await playInProcess(source);
  expect(timedOut).toBe(false);
  expect(stdoutText, stderrText).not.toBe(honest);
});

it("there are enough of them", () => {
  expect(controlled.length).toBeGreaterThanOrEqual(14);
});
