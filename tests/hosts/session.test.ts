/* What a session of `npm run hosts` does, with a program in Sameseed's place that finds every cause there is. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sameseed-session-"));
  cpSync(join(import.meta.dirname, "guest"), join(folder, "guest"), { recursive: true });
  const bin = join(folder, "node_modules/sameseed/bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "sameseed.js"), `console.log('{"causes":[{"factor":"clock"}]}');`);
  writeFileSync(join(folder, "sessions"), "service\n");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The steps that a session told, each with whether it held. */
function steps(choice: object): Record<string, boolean> {
  const all = { image: "0", rows: [], fewRows: [], checks: [], audited: { wall_clock: "clock" }, ...choice };
  writeFileSync(join(folder, "choice.json"), JSON.stringify(all));
  const said = execFileSync(process.execPath, [join(folder, "guest/session.mjs"), "service"], {
    encoding: "utf8",
  });
  const told = said.trim().split("\n");
  return Object.fromEntries(
    told.map((line) => {
      const { step, ok } = JSON.parse(line) as { step: string; ok: boolean };
      return [step, ok];
    }),
  );
}

it("a step that is asked for by name is done, however little a session does", () => {
  expect(steps({ steps: ["audit"], quick: true })).toEqual({ group: true, audit: true });
});

it("a fault whose cause an audit does not name fails its step", () => {
  const audited = { wall_clock: "clock", os_urandom: "entropy" };
  expect(steps({ steps: ["audit"], quick: true, audited })).toEqual({ group: true, audit: false });
});
