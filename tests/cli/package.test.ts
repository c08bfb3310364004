/* What `npm pack` makes runs where nothing of this checkout is: as the caller, and as an ordinary user. */
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { homeFolder } from "../../src/base/home.ts";
import { resolveImage } from "../../src/image/image-store.ts";
import { blocks, prose, read } from "../docs/pages.ts";
import { runDocument } from "./documents.ts";

const root = resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "sameseed-package-"));
const node = join(folder, "node");
/** By digest: another user may have another Python first on the path, and would build an image of that one. */
const image = resolveImage("gymnasium").manifest.digest;
/** An id that is nobody's account: what an ordinary user of this host would be. */
const stranger = 61_234;

beforeAll(() => {
  const packed = spawnSync("npm", ["pack", "--silent", "--pack-destination", folder], {
    cwd: root,
    encoding: "utf8",
  });
  expect(packed.status, packed.stderr).toBe(0);
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "sameseed"), { recursive: true });
  const archive = join(folder, packed.stdout.trim().split("\n").at(-1)!);
  expect(
    spawnSync("tar", ["xzf", archive, "-C", join(modules, "sameseed"), "--strip-components=1"]).status,
  ).toBe(0);
  // Copies of what npm would install, so that the test needs no network.
  for (const name of dependenciesOf(root))
    cpSync(join(root, "node_modules", name), join(modules, name), { recursive: true });
  copyFileSync(process.execPath, node);
  chmodSync(node, 0o755);
  chmodSync(folder, 0o755);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The packages that a folder's package needs, and those that they need in turn. */
function dependenciesOf(folder: string, found: Set<string> = new Set()): Set<string> {
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    dependencies?: object;
  };
  for (const name of Object.keys(dependencies)) {
    if (found.has(name)) continue;
    found.add(name);
    dependenciesOf(join(root, "node_modules", name), found);
  }
  return found;
}

/** Runs the installed command in a fresh folder of its user. */
async function sameseed(
  user: number | undefined,
  ...args: string[]
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const work = join(folder, `work-${user ?? "caller"}`);
  mkdirSync(work, { recursive: true, mode: 0o777 });
  chmodSync(work, 0o777);
  const program = join(folder, "node_modules/sameseed/bin/sameseed.js");
  const child = spawn(node, [program, ...args], {
    cwd: work,
    env: { PATH: process.env["PATH"], HOME: work, SAMESEED_HOME: homeFolder() },
    ...(user === undefined ? {} : { uid: user, gid: user }),
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
  child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
  const code = await new Promise<number | null>((done) => child.on("close", done));
  return { code, stdout, stderr };
}

describe.each([
  { who: "its caller", user: undefined },
  // Only root can become somebody else; anybody else is an ordinary user already.
  ...(process.getuid?.() === 0 ? [{ who: "an ordinary user", user: stranger }] : []),
])("the installed package, run by $who", ({ user }) => {
  it("runs, verifies and replays", async () => {
    const run = await sameseed(
      user,
      "run",
      "CartPole-v1",
      "--seeds",
      "1..3",
      "--image",
      image,
      "--out",
      "run",
      "--json",
    );
    expect(run.code, run.stderr).toBe(0);
    const document = runDocument.parse(JSON.parse(run.stdout));
    expect(document.rollouts.map(({ seed, outcome }) => ({ seed, outcome }))).toEqual(
      [1, 2, 3].map((seed) => ({ seed, outcome: "terminated" })),
    );
    if (user !== undefined)
      expect(document.rollouts[0]!.receipt).toMatchObject({
        enforcedBy: "rlimits",
        wall: { user: { host: user } },
      });
    const verify = await sameseed(user, "verify", "run", "--json");
    expect(JSON.parse(verify.stdout)).toMatchObject({ verified: true, diverged: [] });
    expect((await sameseed(user, "replay", "run", "--seed", "2")).code).toBe(0);
  });

  it("keeps its limits and its wall", async () => {
    const loop = await sameseed(
      user,
      "exec",
      "--image",
      image,
      "--wall-ms",
      "500",
      "--",
      "python3",
      "-c",
      "while True: pass",
    );
    expect(loop.code).toBe(124);
    const probe = "import os, socket; print(os.getuid(), os.listdir('/proc')); socket.socket()";
    const walled = await sameseed(user, "exec", "--image", image, "--", "python3", "-c", probe);
    expect(walled.stdout).toBe("1000 ['cpuinfo']\n");
    expect(walled.stderr).toContain("PermissionError");
  });
});

/** The programs of the page that says how to install the package, by the ending that each is for. */
function programOf(ending: "mjs" | "cjs" | "ts"): string {
  const language = { mjs: "js", cjs: "cjs", ts: "ts" }[ending];
  return blocks(read("docs/guide/install.md")).find((block) => block.language === language)!.text;
}

function runProgram(path: string, cwd: string): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [path], {
    cwd,
    encoding: "utf8",
    env: { ...process.env, SAMESEED_HOME: homeFolder() },
  });
}

describe("the installed package, imported in a project", () => {
  it.each(["mjs", "cjs", "ts"] as const)("runs the guide's program for a .%s file as printed", (ending) => {
    const place = join(folder, `project-${ending}`);
    mkdirSync(place);
    // What `npm init` writes; a .ts file is a module only where the project says so.
    const type = ending === "ts" ? "module" : "commonjs";
    writeFileSync(join(place, "package.json"), JSON.stringify({ type }));
    const path = join(place, `program.${ending}`);
    writeFileSync(path, programOf(ending));
    const ended = runProgram(path, folder);
    expect(ended.status, ended.stderr).toBe(0);
    expect(ended.stdout).not.toBe("");
  });

  it("has types that hold without skipping the package's own", () => {
    const { compilerOptions } = JSON.parse(
      blocks(read("docs/guide/install.md")).find(({ language }) => language === "json")!.text,
    ) as { compilerOptions: object };
    const options = { ...compilerOptions, skipLibCheck: false };
    writeFileSync(join(folder, "typed.mts"), programOf("ts"));
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ compilerOptions: options, files: ["typed.mts"] }),
    );
    symlinkSync(join(root, "node_modules/@types"), join(folder, "node_modules/@types"));
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const ended = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
    expect(ended.stdout + ended.stderr).toBe("");
  });

  it("has everything that its pages link to, but for the tests, which only the source has", () => {
    const installed = join(folder, "node_modules/sameseed");
    const pages = readdirSync(installed, { recursive: true, encoding: "utf8" }).filter((path) =>
      path.endsWith(".md"),
    );
    const links = pages.flatMap((page) =>
      [...prose(readFileSync(join(installed, page), "utf8")).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(
        ([, target = ""]) => join(dirname(page), target),
      ),
    );
    expect(links.length).toBeGreaterThan(200);
    const missing = links.filter((path) => !existsSync(join(installed, path)));
    expect(missing.filter((path) => !path.startsWith("tests/"))).toEqual([]);
  });
});

describe("a clone after set-up", () => {
  it("lets a program in it import the package, built anew where a source is newer", () => {
    const entry = join(root, "dist/stats/entry.js");
    utimesSync(entry, 0, 0);
    const made = spawnSync(process.execPath, [join(root, "scripts/setup.mjs")], { encoding: "utf8" });
    expect(made.status, made.stderr).toBe(0);
    const place = mkdtempSync(join(root, "runs-"));
    try {
      writeFileSync(join(place, "program.ts"), programOf("ts"));
      const ended = runProgram(join(place, "program.ts"), place);
      expect(ended.status, ended.stderr).toBe(0);
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  }, 240_000);
});
