import { readFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, expect, test } from "vitest";

import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import { runPython } from "./sealed-python.ts";

afterAll(closeSandboxes);

const kinds =
  "clock sleep wait entropy listing stat cpu names pid process thread socket device refused".split(" ");

/** What one statement asks of the world, by kind. */
async function ledgerOf(statement: string): Promise<Record<string, number>> {
  const said = await runPython(
    "import os, time, select, math, threading\nfrom sameseed import _zygote\nlock = threading.Lock()\n" +
      `_zygote.world_step(0)\n${statement}\nprint((_zygote.world_step(1) or ((), ()))[0])`,
  );
  expect(said.stderr).toBe("");
  const counts = JSON.parse(said.stdout.replace("(", "[").replace(")", "]")) as number[];
  return Object.fromEntries(
    counts.map((count, index) => [kinds[index]!, count] as const).filter(([, n]) => n > 0),
  );
}

for (const [statement, counts] of [
  ["x = math.sin(1) + hash('a')", {}],
  ["with lock: pass", {}],
  ["time.time(); time.monotonic()", { clock: 2 }],
  ["os.urandom(10)", { entropy: 10 }],
  ["select.select([], [], [], 0.5)", { wait: 1 }],
  ["open('/dev/urandom', 'rb', buffering=0).close()", { device: 1 }],
] as const) {
  test(`the ledger of \`${statement}\``, async () => {
    expect(await ledgerOf(statement)).toMatchObject(counts);
    if (Object.keys(counts).length === 0) expect(await ledgerOf(statement)).toEqual({});
  });
}

test("a sleep is counted as one, and the counts begin again at each boundary", async () => {
  expect((await ledgerOf("time.sleep(1)"))["sleep"]).toBe(1);
  expect(await ledgerOf("time.sleep(1); _zygote.world_step(1)")).toEqual({});
});

test("at step k the clock shows at least k milliseconds, and never less than it did", async () => {
  const said = await runPython(
    "import time\nfrom sameseed import _zygote\n" +
      "for k in (0, 3, 4): _zygote.world_step(k); print(time.time_ns() - 946684800000000000)\n" +
      "time.sleep(1); _zygote.world_step(5); print(time.time_ns() - 946684800000000000)",
  );
  expect(said.stdout).toBe("1000\n3001000\n4001000\n1004003000\n");
});

test("the kinds of counts have one order in C and in Python", () => {
  const read = (path: string): string => readFileSync(join(import.meta.dirname, "../../..", path), "utf8");
  const inC = [...read("native/world/ledger.h").matchAll(/\bLEDGER_([A-Z]+)/g)].map(([, name]) =>
    name!.toLowerCase(),
  );
  const inPython = /^KINDS = \(([^)]*)\)/m.exec(read("python/sameseed/world/sealed.py"))![1]!;
  expect([...inPython.matchAll(/"(\w+)"/g)].map(([, name]) => name)).toEqual(kinds);
  expect(inC).toEqual([...kinds, "kinds"]);
});

test("settings that are none are refused", async () => {
  const said = await runPython(
    "from sameseed import _zygote\n" +
      "for bad in (b'', bytes(168), bytes(200)):\n" +
      "    try: _zygote.world_begin(bad)\n    except ValueError as error: print(error)",
  );
  expect(said.stdout).toBe("these are not the settings of a world\n".repeat(3));
});
