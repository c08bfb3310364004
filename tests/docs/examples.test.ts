/* The worked examples of pages: each command and program of them runs, and gives what stands behind it. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";

import { Workplace } from "../cli/sameseed.ts";
import { blocks, read, repository, type Block } from "./pages.ts";
import { commandLines } from "./snippets.ts";
import { shownCommands, steadyInAnyImage } from "./sessions.ts";

const entries = { sameseed: "src/index.ts", "sameseed/stats": "src/stats/index.ts" };

/** A program and what stands behind it. */
function programs(all: readonly Block[]): { readonly text: string; readonly shown: string }[] {
  return all.flatMap((block, index) => {
    const next = all[index + 1];
    return block.language === "ts" && next?.language === "" ? [{ text: block.text, shown: next.text }] : [];
  });
}

function run(place: Workplace, text: string): string {
  const url = (name: string): string => pathToFileURL(join(repository, name)).href;
  const linked = Object.entries(entries).reduce(
    (made, [name, file]) => made.replaceAll(`"${name}"`, `"${url(file)}"`),
    text,
  );
  writeFileSync(place.path("program.ts"), linked);
  writeFileSync(place.path("package.json"), '{"type":"module"}');
  const ended = spawnSync(process.execPath, ["program.ts"], { cwd: place.folder, encoding: "utf8" });
  expect(ended.status, ended.stderr).toBe(0);
  return ended.stdout;
}

describe.for([
  ["docs/concepts/statistics.md", 4, 2],
  ["docs/guide/sealed-world.md", 4, 1],
] as const)("the example of %s", ([page, commandCount, programCount]) => {
  const all = blocks(read(page));

  it("is what happens", async () => {
    using place = new Workplace();
    for (const { language, text } of all) {
      const name = language === "python" ? /^# (\w+\.py)\n/.exec(text)?.[1] : undefined;
      if (name !== undefined) writeFileSync(place.path(name), text);
    }
    const commands = all.flatMap(({ text }) => shownCommands(text));
    expect(commands).toHaveLength(commandCount);
    for (const { line, shown } of commands) {
      const { stdout, stderr } = await place.run(
        commandLines(`\`\`\`\n$ npx sameseed ${line}\n\`\`\`\n`)[0]!,
      );
      expect(steadyInAnyImage(stdout).trim(), `${line}\n${stderr}`).toBe(steadyInAnyImage(shown).trim());
    }
    expect(programs(all)).toHaveLength(programCount);
    for (const { text, shown } of programs(all))
      expect(steadyInAnyImage(run(place, text))).toBe(steadyInAnyImage(shown));
  }, 240_000);
});
