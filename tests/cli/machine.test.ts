import { afterAll, describe, expect, it } from "vitest";
import * as z from "zod";

import { packageVersion } from "../../src/base/package-version.ts";
import { imageManifestSchema } from "../../src/model/image-manifest.ts";
import { linesOf, Workplace } from "./sameseed.ts";

const work = new Workplace();

afterAll(() => work[Symbol.dispose]());

const commands = ["run", "verify", "replay", "show", "exec", "image", "doctor", "setup", "bench"];

describe("help", () => {
  it("lists every command", async () => {
    const { code, stdout, stderr } = await work.run(["--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    for (const name of commands) expect(stdout).toMatch(new RegExp(`^ {2}${name} `, "m"));
  });

  it.for(commands)("%s explains itself", async (name) => {
    const { code, stdout } = await work.run([name, "--help"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^Usage: sameseed ${name} `));
  });

  it("is what a command line without a command gets, as misuse", async () => {
    const { code, stdout, stderr } = await work.run([]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^Usage: sameseed COMMAND/);
  });

  it("knows its version", async () => {
    expect(await work.run(["--version"])).toMatchObject({ code: 0, stdout: `${packageVersion()}\n` });
  });
});

describe("the machine", () => {
  it("is set up, again and again", async () => {
    const { code, stdout } = await work.run(["setup"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^bubblewrap \S+: \/.*\nimage gymnasium [0-9a-f]{12}: Python 3\.\d+/);
    const again = await work.run(["setup"]);
    expect(again).toMatchObject({ code: 0, stdout, stderr: "" });
  });

  it("lists its images", async () => {
    const { stdout } = await work.run(["image", "list", "--json"]);
    const named = z.object({ names: z.array(z.string()) }).and(imageManifestSchema);
    const { images } = z.object({ images: z.array(named) }).parse(JSON.parse(stdout));
    expect(images.some(({ names }) => names.includes("gymnasium"))).toBe(true);
    const table = await work.run(["image", "list"]);
    expect(linesOf(table.stdout)[0]).toMatch(/^name +digest +python +packages +size$/);
    expect(linesOf(table.stdout)).toHaveLength(images.length + 1);
  });

  it("is examined", async () => {
    const { code, stdout } = await work.run(["doctor", "--json"]);
    const check = z.strictObject({
      name: z.string(),
      ok: z.boolean(),
      warning: z.boolean(),
      detail: z.string(),
      fix: z.string().optional(),
    });
    const { ok, checks } = z
      .strictObject({ ok: z.boolean(), checks: z.array(check) })
      .parse(JSON.parse(stdout));
    expect([code, ok]).toEqual([0, true]);
    expect(checks.length).toBeGreaterThan(5);
    const text = await work.run(["doctor", "--image", "nowhere"]);
    expect(text.code).toBe(3);
    expect(text.stdout).toMatch(/^fail +image +.*nowhere[^]*fix: [^]*^sandboxes do not work on this host/m);
  });

  it("is not measured under a name that no benchmark has", async () => {
    const { code, stderr } = await work.run(["bench", "frobnicate"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^sameseed: there is no benchmark frobnicate/m);
  });
});
