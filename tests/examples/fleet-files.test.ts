/* The files that place workers are written by hand: what they say to `sameseed worker` must be options of it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { expect, it } from "vitest";

import { addWorkerCommand } from "../../src/cli/commands/worker.ts";

const folder = join(import.meta.dirname, "..", "..", "examples", "fleet");
const program = new Command();
addWorkerCommand(program, () => {});
const known = program.commands[0]!.options.map(({ long }) => long);

it.each(readdirSync(folder))("%s names options that a worker has, and says what was tried", (name) => {
  const text = readFileSync(join(folder, name), "utf8");
  const [, args = ""] = /sameseed(?: |,\s*)worker[ ,]([\s\S]*)/.exec(text) ?? [];
  const named = args.match(/--[a-z-]+/g) ?? [];
  expect(named).toEqual(expect.arrayContaining(["--redis", "--store", "--drain-ms"]));
  for (const option of named) expect(known).toContain(option);
  expect(text).toMatch(/not run/i);
});
