import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import { runPython, type Said } from "./sealed-python.ts";

const source = readFileSync(join(import.meta.dirname, "fixtures", "entropy.py"), "utf8");

let one: Said, again: Said, otherSeed: Said, salted: Said, host: Said;

function drawn(said: Said): Map<string, unknown> {
  return new Map(
    said.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as [string, unknown]),
  );
}

beforeAll(async () => {
  one = await runPython(source);
  again = await runPython(source);
  otherSeed = await runPython(source, { seed: 2 });
  salted = await runPython(source, { settings: { entropy_salt: 7 } });
  host = await runPython(source, { world: "host" });
});
afterAll(closeSandboxes);

test("every draw is the same in two runs of one seed", () => {
  expect(one.ending).toBe("own 0");
  expect(again).toEqual(one);
});

test("every draw but hashes is another one under another seed, another salt, and on the host", () => {
  const [mine, theirs, with7, real] = [one, otherSeed, salted, host].map(drawn);
  for (const [name, value] of mine!) {
    if (name === "hash of a string") continue; // the zygote's, pinned before the seed is known
    expect.soft(theirs!.get(name), `${name} under another seed`).not.toEqual(value);
    expect.soft(with7!.get(name), `${name} under another salt`).not.toEqual(value);
    expect.soft(real!.get(name), `${name} on the host`).not.toEqual(value);
  }
});

test("no two draws of one run are the same bytes", () => {
  const mine = drawn(one);
  const values = ["urandom", "getrandom", "secrets", "fork", "second fork", "parent after its forks"];
  expect(new Set(values.map((name) => mine.get(name))).size).toBe(values.length);
  expect(mine.get("/dev/urandom")).not.toBe(mine.get("/dev/urandom again"));
  expect(mine.get("a child's program")).not.toBe(mine.get("the same again"));
});

test("a child's program has the logical date, whatever environment it is given", () => {
  const mine = drawn(one);
  for (const name of ["a child's program", "with an empty environment", "posix_spawn", "of a shell"])
    expect(String(mine.get(name))).toMatch(/9466848\d\d\s*$/);
});

test("a program sees nothing of the world in its environment", async () => {
  const said = await runPython(
    "import os, subprocess\nprint(sorted(k for k in os.environ if 'WORLD' in k or 'PRELOAD' in k))\n" +
      "print(repr(subprocess.run(['env'], env={'A': '1'}, capture_output=True, text=True).stdout))",
  );
  expect(said.stdout).toBe("[]\n'A=1\\n'\n");
});

test("a device holds seeded bytes to its end, never zeros", async () => {
  const said = await runPython(
    "data = open('/dev/urandom', 'rb').read()\nprint(len(data), len({data[i:i+64] for i in range(0, len(data), 64)}))",
  );
  expect(said.stdout).toBe("1048576 16384\n");
});
