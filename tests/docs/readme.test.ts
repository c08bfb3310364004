/* What the first page shows is what happens: its programs run, and its commands print what stands there. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { Workplace } from "../cli/sameseed.ts";
import { blocks, read, repository } from "./pages.ts";
import { shownCommands, steady } from "./sessions.ts";

const place = new Workplace();
afterAll(() => place[Symbol.dispose]());

const readme = blocks(read("README.md"));
const programs = readme.filter(({ language }) => language === "ts");
const sessions = readme.filter(({ text }) => text.startsWith("$ npx sameseed"));

beforeAll(() => {
  const clocked = blocks(read("docs/guide/first-rollout.md")).find(({ text }) =>
    text.includes("class Clocked"),
  );
  writeFileSync(place.path("clocked.py"), clocked!.text);
});

describe("the README", () => {
  it.for(programs.map(({ text, line }) => [line, text] as const))(
    "has a program in line %s that runs",
    ([line, text]) => {
      const entry = pathToFileURL(join(repository, "src/index.ts")).href;
      writeFileSync(place.path(`${line}.ts`), text.replaceAll('"sameseed"', `"${entry}"`));
      writeFileSync(place.path("package.json"), '{"type":"module"}');
      const ended = spawnSync(process.execPath, [`${line}.ts`], { cwd: place.folder, encoding: "utf8" });
      expect(ended.status, ended.stderr).toBe(0);
      expect(ended.stdout).not.toBe("");
    },
  );

  it("shows what its commands print", async () => {
    expect(sessions.length).toBeGreaterThanOrEqual(2);
    for (const { text } of sessions) {
      for (const { line, shown } of shownCommands(text)) {
        const { stdout, stderr } = await place.run(line.split(" "));
        // A command whose output says nothing new is shown without it.
        if (shown.trim() !== "") expect(steady(stdout), stderr).toContain(steady(shown).trim());
      }
    }
  });

  it("would be found out if they printed something else", () => {
    expect(steady("mean return 44.25 · 810 ms")).not.toBe(steady("mean return 44.5 · 810 ms"));
    expect(steady("10  sha256:98d8dc23158e1a12…")).not.toBe(steady("10  sha256:98d8dc23158e1a13…"));
    expect(steady("agree     end, hidden")).not.toBe(steady("agree     end"));
  });
});
