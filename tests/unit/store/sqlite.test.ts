/* Node 22 warns of `node:sqlite` when it is loaded; a user who ran a rollout is not told. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";

import { openDatabase, withoutWarnings } from "../../../src/store/sqlite.ts";

const source = resolve(import.meta.dirname, "../../../src");

describe("withoutWarnings", () => {
  it("drops what is warned of in it, and nothing after it", () => {
    const program = `
      import { withoutWarnings } from ${JSON.stringify(pathToFileURL(join(source, "store/sqlite.ts")).href)};
      withoutWarnings(() => process.emitWarning("dropped", "ExperimentalWarning"));
      try {
        withoutWarnings(() => { process.emitWarning("dropped too"); throw new Error("failed"); });
      } catch (error) {
        console.log(error.message);
      }
      process.emitWarning("told");`;
    const ended = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
    expect(ended.stdout).toBe("failed\n");
    expect(ended.stderr).toContain("told");
    expect(ended.stderr).not.toContain("dropped");
  });

  it("gives what the function gives", () => {
    expect(withoutWarnings(() => 7)).toBe(7);
  });
});

it("opens a database", () => {
  const database = openDatabase(":memory:");
  expect(database.prepare("select 6 * 7 as answer").get()).toEqual({ answer: 42 });
  database.close();
});

it("is the only module that loads node:sqlite", () => {
  const loads = readdirSync(source, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .filter((path) =>
      /^import (?!type )[^;]*"node:sqlite"|(?:import|require|getBuiltinModule)\("node:sqlite"\)/m.test(
        readFileSync(join(source, path), "utf8"),
      ),
    );
  expect(loads).toEqual(["store/sqlite.ts"]);
});
