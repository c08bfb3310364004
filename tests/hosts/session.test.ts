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

interface Line {
  readonly step: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** What a session told, by its steps. */
function told(choice: object): Record<string, Line> {
  const all = { image: "0", rows: [], fewRows: [], checks: [], audited: { wall_clock: "clock" }, ...choice };
  writeFileSync(join(folder, "choice.json"), JSON.stringify(all));
  const said = execFileSync(process.execPath, [join(folder, "guest/session.mjs"), "service"], {
    encoding: "utf8",
  });
  const lines = said
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
  return Object.fromEntries(lines.map((line) => [line.step, line]));
}

/** The steps that a session told, each with whether it held. */
function steps(choice: object): Record<string, boolean> {
  return Object.fromEntries(Object.values(told(choice)).map(({ step, ok }) => [step, ok]));
}

/** Puts a module in the place of one of Sameseed's. */
function stand(path: string, code: string): void {
  const file = join(folder, "node_modules/sameseed/dist", path);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, code);
}

it("a step that is asked for by name is done, however little a session does", () => {
  expect(steps({ steps: ["audit"], quick: true })).toEqual({ group: true, audit: true });
});

it("a fault whose cause an audit does not name fails its step", () => {
  const audited = { wall_clock: "clock", os_urandom: "entropy" };
  expect(steps({ steps: ["audit"], quick: true, audited })).toEqual({ group: true, audit: false });
});

it("the corpus runs in the sealed world, and in the host's where it was asked for by name", () => {
  stand("image/image-store.js", "export const resolveImage = (image) => image;");
  stand(
    "sandbox/zygote/backend.js",
    "export class ZygoteBackend { constructor(_, { world }) { this.world = world; } close() {} }",
  );
  const speed = '{ attackedPerSecond: 1, freshPerSecond: 1, verdict: "pass" }';
  stand(
    "security/run-attacks.js",
    `export const runAttacks = ({ backend }) => ({ throughput: ${speed}, rows: [], verdict: "pass", image: backend.world });`,
  );
  const both = told({ steps: ["attack", "attack-host"], quick: true });
  expect(both["attack"]?.detail).toContain("image sealed");
  expect(both["attack-host"]?.detail).toContain("image host");
  expect(Object.keys(steps({ steps: "all", quick: true }))).not.toContain("attack-host");
});

it("limits of both versions of control groups are read, and one that was not set fails the step", () => {
  const groups = (...files: string[]): void => {
    const folders = files.map((_, index) => join(folder, `area-${index}`));
    for (const [index, each] of folders.entries()) {
      mkdirSync(join(each, "slot-0"), { recursive: true });
      for (const file of files[index]!.split(" ")) {
        const [name, value] = file.split("=");
        writeFileSync(join(each, "slot-0", name!), `${value}\n`);
      }
    }
    const area = `{ folders: ${JSON.stringify(folders)}, slot: () => ({ limit() {}, remove: () => true }), remove: () => true }`;
    stand(
      "sandbox/linux/open-groups.js",
      `export const openGroups = () => ({ area: ${area}, janitor: { stdin: { end() {} } } });`,
    );
  };
  const choice = { steps: ["limits"], quick: true };
  groups("memory.max=67108864 memory.swap.max=0 pids.max=8");
  expect(steps(choice)["limits"]).toBe(true);
  rmSync(join(folder, "area-0"), { recursive: true });
  groups("memory.limit_in_bytes=67108864", "pids.max=8");
  expect(steps(choice)["limits"]).toBe(true);
  groups("memory.limit_in_bytes=67108864", "pids.max=max");
  expect(steps(choice)["limits"]).toBe(false);
});
