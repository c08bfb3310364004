/* What Node is asked for is one number, and an older one gets one sentence instead of a stack trace. */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import * as sdk from "../../src/index.ts";

const root = resolve(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const manifest = JSON.parse(read("package.json")) as {
  readonly engines: { readonly node: string };
  readonly dependencies: object;
};
const needed = manifest.engines.node.replace(">=", "");

/** A Node of this machine that is older than what is asked for; undefined where there is none. */
const old = ["/usr/bin/node", "/usr/local/bin/node"].find((path) => {
  if (!existsSync(path)) return false;
  const [major = 0, minor = 0] = spawnSync(path, ["-p", "process.versions.node"], { encoding: "utf8" })
    .stdout.split(".")
    .map(Number);
  const [least = 0, leastMinor = 0] = needed.split(".").map(Number);
  return major < least || (major === least && minor < leastMinor);
});

const folder = mkdtempSync(join(tmpdir(), "sameseed-node-"));
const installed = join(folder, "node_modules", "sameseed");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(() => {
  mkdirSync(installed, { recursive: true });
  const built = spawnSync(process.execPath, [join(root, "scripts/build.mjs"), join(installed, "dist")], {
    encoding: "utf8",
  });
  expect(built.status, built.stdout + built.stderr).toBe(0);
  cpSync(join(root, "package.json"), join(installed, "package.json"));
  cpSync(join(root, "bin"), join(installed, "bin"), { recursive: true });
  for (const name of Object.keys(manifest.dependencies))
    cpSync(join(root, "node_modules", name), join(folder, "node_modules", name), { recursive: true });
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  write("import.mjs", 'import { runRollout } from "sameseed";\nconsole.log(typeof runRollout);\n');
  write(
    "testing.mjs",
    'import { sandboxContract } from "sameseed/testing";\nconsole.log(sandboxContract.length > 10);\n',
  );
  write("require.cjs", 'console.log(typeof require("sameseed").runRollout);\n');
  write("all.mjs", 'console.log(JSON.stringify(Object.keys(await import("sameseed")).sort()));\n');
});

const start = (node: string, ...args: string[]): ReturnType<typeof spawnSync> =>
  spawnSync(node, args, { cwd: folder, encoding: "utf8", env: { ...process.env, NODE_NO_WARNINGS: "1" } });

describe("the version of Node", () => {
  it("is the same wherever it is named", () => {
    expect(needed).toMatch(/^\d+\.\d+$/);
    for (const page of ["README.md", "docs/guide/first-rollout.md"]) {
      const named = [...read(page).matchAll(/Node (\d+(?:\.\d+)?)\b/g)].map(([, version]) => version);
      expect(named, page).toContain(needed);
      // What the repository itself begins with is another matter: set-up brings the Node that runs everything.
      expect(named.filter((version) => version !== needed && version !== "20" && version !== "24")).toEqual(
        [],
      );
    }
    // The other places take it from package.json.
    expect(read("bin/sameseed.js")).not.toContain(needed);
    expect(read("scripts/build.mjs")).not.toContain(needed);
    expect(read("scripts/steps.mjs")).toContain("Node 20 or newer is needed");
  });
});

describe("the installed package", () => {
  it("offers everything that its types name", () => {
    const { stdout } = start(process.execPath, "all.mjs");
    expect(JSON.parse(String(stdout))).toEqual(Object.keys(sdk).sort());
  });

  it.for([
    ["import.mjs", "function"],
    ["testing.mjs", "true"],
    ["require.cjs", "function"],
  ])("can be loaded by %s", ([file, printed]) => {
    const { stdout, stderr } = start(process.execPath, file!);
    expect(String(stdout).trim(), String(stderr)).toBe(printed);
  });

  const sentence = `needs Node ${needed} or newer; this is `;
  it.skipIf(old === undefined).for(["import.mjs", "testing.mjs", "require.cjs"])(
    "says to an older Node in one sentence what it needs: %s",
    (file) => {
      const { status, stderr } = start(old!, file);
      expect(status).toBe(1);
      expect(stderr).toContain(sentence);
      // No module of ours, and nothing that an old Node may stumble over, is named.
      expect(stderr).not.toMatch(/\n\s+at .*(sameseed|dist)|ERR_UNKNOWN_BUILTIN|SyntaxError|node:sqlite/);
    },
  );

  it.skipIf(old === undefined)("says the same on the command line", () => {
    const { status, stderr } = start(old!, join(installed, "bin", "sameseed.js"), "doctor");
    expect(status).toBe(2);
    expect(String(stderr).trim().split("\n")).toHaveLength(1);
    expect(stderr).toContain(`Node ${needed} or newer is needed; this is `);
  });

  it("keeps what it compiled in the user's own folder, and nothing where there is none", () => {
    const run = (home: string, cache?: string): string => {
      const env = { ...process.env, HOME: home, ...(cache === undefined ? {} : { XDG_CACHE_HOME: cache }) };
      const started = spawnSync(process.execPath, [join(root, "bin/sameseed.js"), "--version"], {
        encoding: "utf8",
        env,
        timeout: 30_000,
      });
      return started.stdout + started.stderr;
    };
    const cache = join(folder, "cache");
    expect(run(folder, cache)).toBe(run(folder, cache));
    expect(readdirSync(join(cache, "sameseed/compiled"))).toHaveLength(1);
    expect(statSync(join(cache, "sameseed/compiled")).mode & 0o777).toBe(0o700);
    // No folder can be made there, and Node by itself would try for ever.
    expect(run("/proc")).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
