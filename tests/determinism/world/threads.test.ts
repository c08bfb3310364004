/*
 * Threads in the sealed world: which runs when follows from the program. Each program prints one line for each race it
 * runs, so that a line that differs names the race.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { findCompiler } from "../../../src/image/compile-native.ts";
import { runTool } from "../../../src/image/run-tool.ts";
import type { CommandResult } from "../../../src/sandbox/command-types.ts";
import { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { inParallel } from "../fixtures.ts";
import { runPython, type SealedOptions } from "./sealed-python.ts";

const runs = 20;
const programs = join(import.meta.dirname, "programs");
const threads = readFileSync(join(programs, "threads.py"), "utf8");
const races = 15;
/** For what runs many sandboxes on a busy machine. */
const patientMs = 240_000;

async function race(options: SealedOptions = {}): Promise<string> {
  const { stdout, stderr, ending } = await runPython(threads, options);
  expect({ stderr, ending }).toEqual({ stderr: "", ending: "own 0" });
  return stdout;
}

/** Every line that some of the outputs have and others have not. */
function differences(outputs: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const line of outputs.flatMap((output) => output.trimEnd().split("\n")))
    counts.set(line, (counts.get(line) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count !== outputs.length)
    .map(([line, count]) => `${count}: ${line}`);
}

const lines = (output: string): number => output.trimEnd().split("\n").length;

describe("Python's threads", () => {
  it(
    `have the same races ${runs} times, one sandbox after another`,
    async () => {
      const outputs = await inParallel(runs, 1, async () => await race());
      expect(lines(outputs[0]!)).toBe(races);
      expect(differences(outputs)).toEqual([]);
    },
    patientMs,
  );

  it(
    `have them ${runs} times more, eight sandboxes at a time, while other processes only compute`,
    async () => {
      const hogs: ChildProcess[] = [1, 2, 3, 4].map(() => spawn(process.execPath, ["-e", "for (;;);"]));
      try {
        const outputs = await inParallel(runs, 8, async () => await race());
        expect(differences([await race(), ...outputs])).toEqual([]);
      } finally {
        for (const hog of hogs) hog.kill("SIGKILL");
      }
    },
    patientMs,
  );

  it("have them in another order where an audit asks for it, which is the same each time too", async () => {
    const plain = await race();
    const turned = await inParallel(4, 2, async () => await race({ settings: { threads: 1 } }));
    expect(differences(turned)).toEqual([]);
    expect(differences([plain, turned[0]!]).length).toBeGreaterThan(races / 2);
  });
});

const manyThreads = `
import threading
stop = threading.Event()
threads = [threading.Thread(target=lambda: (bytearray(100), stop.wait())) for _ in range(48)]
for thread in threads:
    thread.start()
stop.set()
print(len(threads))
`;

it.each(["host", "sealed"] as const)("48 threads fit into a sandbox as it comes (%s)", async (world) => {
  const { stdout, stderr } = await runPython(manyThreads, { world });
  expect({ stdout, stderr }).toEqual({ stdout: "48\n", stderr: "" });
});

describe("what interrupts a thread", () => {
  it(
    "comes at its logical moment, and ends the wait it should end",
    async () => {
      const source = readFileSync(join(programs, "interruptions.py"), "utf8");
      const said = await inParallel(3, 3, async () => await runPython(source));
      const expected = `forked [2, 1, 0] True 3 at 0.0
rings [2.5, 4.5, 6.5, 8.5] at 10.0
lock at 15.0
pipe at 18.0
sleep at 19.0
lock again at 20.0
children [b'2\\n', b'1\\n', b'0\\n'] [0, 0, 0] at 20.0
endless -9 at 23.0
`;
      for (const one of said) expect(one).toEqual({ stdout: expected, stderr: "", ending: "own 0" });
    },
    patientMs,
  );
});

describe("a deadlock", () => {
  it("is one: the program hangs until its time is over, and says what it said before", async () => {
    const program = `
import threading, time
locks = [threading.Lock(), threading.Lock()]
def grab(first, second):
    with locks[first]:
        time.sleep(0.1)
        with locks[second]:
            print("never")
threads = [threading.Thread(target=grab, args=order) for order in ((0, 1), (1, 0))]
for thread in threads:
    thread.start()
time.sleep(3600)
print("an hour later", flush=True)
for thread in threads:
    thread.join()
`;
    await using sandbox = await Sandbox.create({ world: "sealed" });
    const result = await sandbox.run("python3", { args: ["-c", program], timeoutMs: 3000 });
    expect(result).toMatchObject({ timedOut: true, stdoutText: "an hour later\n", stderrText: "" });
  });
});

describe("POSIX threads in a C program", () => {
  const folder = mkdtempSync(join(tmpdir(), "sameseed-races-"));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  const compiled = new Map<string, Buffer>();
  beforeAll(async () => {
    for (const name of ["races", "spin"]) {
      const args = ["-O1", "-pthread", "-o", name, join(programs, `${name}.c`)];
      expect(await runTool(findCompiler(), args, { cwd: folder })).toMatchObject({ exitCode: 0 });
      compiled.set(name, readFileSync(join(folder, name)));
    }
  });

  const run = async (name: string, world: "sealed" | "host"): Promise<CommandResult> => {
    await using sandbox = await Sandbox.create({ world });
    await sandbox.files.write("program", compiled.get(name)!);
    return await sandbox.run("sh", { args: ["-c", "chmod 755 program && exec ./program"] });
  };

  it(`race in the same way ${runs} times`, async () => {
    const results = await inParallel(runs, 4, async () => await run("races", "sealed"));
    for (const { exitCode, signal, stderrText } of results)
      expect({ exitCode, signal, stderrText }).toEqual({ exitCode: 0, signal: null, stderrText: "" });
    expect(lines(results[0]!.stdoutText)).toBe(5);
    expect(differences(results.map(({ stdoutText }) => stdoutText))).toEqual([]);
  });

  it("race as the machine lets them in the host's world", async () => {
    const results = await inParallel(2, 1, async () => await run("races", "host"));
    expect(differences(results.map(({ stdoutText }) => stdoutText)).length).toBeGreaterThan(0);
  });

  it("that wait where nobody sees it are let run beside each other after a while, and it is said", async () => {
    const { exitCode, stdoutText, stderrText } = await run("spin", "sealed");
    expect({ exitCode, stdoutText }).toEqual({ exitCode: 0, stdoutText: "answered\n" });
    expect(stderrText).toMatch(
      /^sameseed: a thread computed or waited for 5 s .* threads run as the machine lets them\.\n$/,
    );
  });
});
