/* OpenEnv's package plays, and validates, unmodified; it tells when the protocol or the validator's plug-ins move. */
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";

import { installed } from "../../client/installed.ts";
import { serve, type Served } from "./served.ts";

const run = promisify(execFile);
const folder = join(import.meta.dirname, "openenv");
let server: Served;
let python: string;

beforeAll(async () => {
  server = await serve({ maxSandboxes: 8 });
  python = await packagesPython();
});
afterAll(async () => await server[Symbol.asyncDispose]());

/** A Python whose site packages are the package's and the client's wheel, also where it is started apart from its surroundings. */
async function packagesPython(): Promise<string> {
  const into = mkdtempSync(join(tmpdir(), "sameseed-openenv-"));
  const build = resolve(import.meta.dirname, "../../../clients/python/build.py");
  const { stdout } = await run("python3", [build, into]);
  await run("python3", ["-m", "venv", "--without-pip", join(into, "venv")]);
  const [series = ""] = readdirSync(join(into, "venv/lib"));
  const paths = [stdout.trim(), installed("doors-python")];
  writeFileSync(join(into, "venv/lib", series, "site-packages/tested.pth"), `${paths.join("\n")}\n`);
  return join(into, "venv/bin/python");
}

/** Runs tests that are written in Python; gives what they said. */
async function unittest(file: string): Promise<string> {
  const env = {
    ...process.env,
    OPENENV_URL: `${server.address}/openenv/CartPole-v1`,
    BAD_ENVIRONMENTS: join(folder, "bad_environments.py"),
    PYTHONDONTWRITEBYTECODE: "1",
  };
  const { stderr } = await run(python, [join(folder, file)], { env });
  return stderr;
}

it("plays, validates, and finds the fault of each environment that has one", async () => {
  expect(await unittest("conformance.py")).toMatch(/Ran 5 tests[\s\S]*OK/);
  // It imports what the package requires twice, which a busy machine takes its time for.
});

it("sends a token to its server alone, takes no limit of sessions for a fault, and runs the checks asked for", async () => {
  expect(await unittest("validator.py")).toMatch(/Ran 9 tests[\s\S]*OK/);
});
