/* What a rollout's programs write when it is run again: it is its own, and nothing of what was recorded changes. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

import { branchRun } from "../../src/branch/branch-run.ts";
import { playAgainst } from "../../src/games/play/play-against.ts";
import { saveGame } from "../../src/games/play/save-game.ts";
import { recordRun, type RecordRunConfig } from "../../src/store/record-run.ts";
import { captureStdio } from "../../src/verify/stdio/capture-stdio.ts";
import { readStdio, stdioPath } from "../../src/verify/stdio/stdio-file.ts";
import { fixture, temporaryFolder } from "./fixtures.ts";

const folder = temporaryFolder();

async function recorded(name: string, options: Partial<RecordRunConfig> = {}): Promise<string> {
  const dir = join(folder, name);
  if (!existsSync(dir))
    await recordRun({
      envName: `${fixture("writing.py")}:${name}`,
      seeds: [1],
      maxSteps: 3,
      dir,
      ...options,
    });
  return dir;
}

/** Every file of a run but what is kept beside it and its index. */
function contentOf(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.endsWith("stdio") && !/sqlite/.test(entry.name))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)).toString("base64"));
}

it("keeps both streams of an environment, whole, the same ones again, and changes nothing recorded", async () => {
  const dir = await recorded("Writes");
  const before = contentOf(dir);
  const made = await captureStdio(dir, 1);
  const stdout = "reset with 1\nstep 1\nstep 2\nstep 3\n";
  const [program] = made.programs;
  expect(made).toMatchObject({ seed: 1, path: stdioPath(dir, 1), exact: true });
  expect(made.programs).toHaveLength(1);
  expect(program!.stderr).toEqual({ bytes: 36, text: "to stderr 1\nto stderr 2\nto stderr 3\n" });
  // What goes past Python's buffer comes before what waits in it.
  expect(program!.stdout.text.replace("\ufffd not UTF-8\n", "")).toBe(stdout);
  expect(program!.stdout.bytes).toBe(stdout.length + 12);
  expect(readStdio(made.path)).toMatchObject({ format: 1, exact: true, programs: made.programs });
  expect((await captureStdio(dir, 1)).programs).toEqual(made.programs);
  expect(contentOf(dir)).toEqual(before);
});

it("keeps the beginning and the end of much, cut between characters", async () => {
  const { programs } = await captureStdio(await recorded("WritesMuch"), 1);
  const { bytes, text, tail = "" } = programs[0]!.stdout;
  expect(bytes).toBe("reset with 1\n".length + 30_000 * "line 000000 ..\n".length);
  expect(text.startsWith("reset with 1\nline 000000 ü\n")).toBe(true);
  expect(tail.endsWith("line 029999 ü\n")).toBe(true);
  expect(text + tail).not.toContain("\ufffd");
  for (const part of [text, tail]) {
    expect(Buffer.byteLength(part)).toBeLessThanOrEqual(64 * 1024);
    expect(Buffer.byteLength(part)).toBeGreaterThan(64 * 1024 - 4);
  }
});

it("says what a rollout wrote before it failed, and before a limit ended it", async () => {
  const failed = await captureStdio(await recorded("Fails"), 1);
  expect(failed.programs[0]!.stdout.text).toBe("reset with 1\nabout to fail\n");
  const limited = await captureStdio(await recorded("Sleeps", { limits: { cpuMs: 600 } }), 1);
  expect(limited.programs[0]!.stdout.text).toContain("slept 2\n");
});

it("keeps nothing of a rollout that is another one", async () => {
  const dir = await recorded("Clocked", { world: "host" });
  await expect(captureStdio(dir, 1)).rejects.toMatchObject({
    code: "prefix_diverged",
    message: expect.stringContaining("step 1 on: info.now differs") as string,
  });
  expect(existsSync(stdioPath(dir, 1))).toBe(false);
});

it("tells policies from the environment, in a game that a person played too", async () => {
  const source = readFileSync(fixture("writing_policy.py"), "utf8");
  await using game = await playAgainst({ source }, { seed: 7 });
  while (game.view.end === undefined) await game.move(game.view.legal![0]!);
  const { rollout, gameSeed } = game.view.end.result!;
  const dir = await saveGame(game.spec, rollout!, join(folder, "game"));
  const { programs } = await captureStdio(dir, gameSeed);
  expect(programs.map(({ seat }) => seat)).toEqual([null, "O"]);
  expect(programs[0]!.stdout).toEqual({ bytes: 0, text: "" });
  expect(programs[1]!.stdout.text).toMatch(/^(I am O\n)+$/);
  expect(programs[1]!.stderr.text).toMatch(/^(thinking\n)+$/);
});

it("says what a branch wrote, behind what was written up to its state", async () => {
  const dir = join(folder, "futures");
  await branchRun(await recorded("Writes"), { seed: 1, step: 1, reseed: [1], out: dir });
  const { branch, programs } = await captureStdio(dir, 0);
  expect(branch).toBe(0);
  expect(programs[0]!.stdout.text).toContain("reset with 1\n");
  expect(programs[0]!.stdout.text).toContain("step 3\n");
});
