import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";

import { isDying, isDyingIn, listProcesses } from "../../../src/security/host-processes.ts";
import { ProcessWatch } from "../../../src/security/process-watch.ts";

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** A shell that does what it is told, line by line, and answers each line. */
async function startShell(): Promise<{
  readonly child: ChildProcess;
  readonly tell: (line: string) => Promise<void>;
}> {
  const child = spawn("/bin/sh", [], { stdio: ["pipe", "pipe", "ignore"] });
  children.push(child);
  const tell = async (line: string): Promise<void> => {
    child.stdin.write(`${line}\necho done\n`);
    await once(child.stdout, "data");
  };
  await tell(":");
  return { child, tell };
}

describe("the processes that sandboxes come from", () => {
  it("are as they were where nothing happened", async () => {
    await startShell();
    const watch = new ProcessWatch([], 0);
    expect(watch.size).toBeGreaterThanOrEqual(1);
    expect(await watch.findChanges()).toEqual([]);
  });

  it.for<[string, string, RegExp]>([
    ["opened a file", "exec 9</dev/null", /descriptors .*9=\/dev\/null/],
    ["ignores a signal", "trap '' USR1", /SigIgn/],
    ["changed its mask", "umask 077", /Umask/],
    ["changed a limit", "ulimit -n 77", /limits .*Max open files/],
  ])("are seen to have changed when one %s", async ([, line, complaint]) => {
    const { tell } = await startShell();
    const watch = new ProcessWatch([], 0);
    await tell(line);
    expect((await watch.findChanges()).join("\n")).toMatch(complaint);
  });

  it("are as they were where the end of a child waits for one that has blocked it", async () => {
    const source = `import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD, signal.SIGUSR1])
for line in sys.stdin:
    if line == "child\\n":
        if os.fork() == 0: os._exit(0)
        os.wait()
    if line == "signal\\n": os.kill(os.getpid(), signal.SIGUSR1)
    sys.stdout.write(f"{signal.sigpending()}\\n")
    sys.stdout.flush()
`;
    const child = spawn("python3", ["-c", source], { stdio: ["pipe", "pipe", "ignore"] });
    children.push(child);
    const tell = async (line: string): Promise<string> => {
      child.stdin.write(`${line}\n`);
      let told = "";
      while (!told.endsWith("\n")) told += String((await once(child.stdout, "data"))[0]);
      return told;
    };
    await tell("begin");
    const watch = new ProcessWatch([], 0);
    expect(await tell("child")).toContain("SIGCHLD");
    // Its first fork maps memory.
    expect((await watch.findChanges()).join("\n")).not.toMatch(/Pnd/);
    expect(await tell("signal")).toContain("SIGUSR1");
    expect((await watch.findChanges()).join("\n")).toMatch(/ShdPnd/);
  });

  it("are seen to have come: one with a child of its own, or unlike the others", async () => {
    const watch = new ProcessWatch([], 0);
    const { tell } = await startShell();
    await tell("sleep 60 &");
    expect((await watch.findChanges()).some((change) => change.endsWith("is new"))).toBe(true);
  });

  it("are seen to be gone where others depended on them", async () => {
    const { child, tell } = await startShell();
    await tell("sleep 60 & echo $! >&2");
    const sleeping = listProcesses().find(({ parent }) => parent === child.pid)!;
    const watch = new ProcessWatch([], 0);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(await watch.findChanges()).toEqual([`sh ${child.pid} is gone`]);
    process.kill(sleeping.pid, "SIGKILL");
  });

  it("may be left out", async () => {
    const { child, tell } = await startShell();
    const watch = new ProcessWatch([child.pid!], 0);
    await tell("umask 077");
    expect(await watch.findChanges()).toEqual([]);
  });
});

describe("what is left of a sandbox", () => {
  const status = "Name:\tsleep\nPPid:\t1\nSigPnd:\t0000000000000000\nShdPnd:\t0000000000000000\n";

  it.each([
    ["runs", status, "S 1 2 3 4 5 4194304 7", false],
    ["exits", status, "R 1 2 3 4 5 4194308 7", true],
    ["is a zombie", status, "Z 1 2 3 4 5 4194304 7", true],
    ["is gone", "ENOENT", "", true],
    [
      "was killed",
      status.replace("ShdPnd:\t0000000000000000", "ShdPnd:\t0000000000000100"),
      "D 1 2 3 4 5 0 7",
      true,
    ],
    [
      "was killed alone",
      status.replace("SigPnd:\t0000000000000000", "SigPnd:\t0000000000000100"),
      "D 1 2 3 4 5 0 7",
      true,
    ],
    [
      "was asked to end",
      status.replace("ShdPnd:\t0000000000000000", "ShdPnd:\t0000000000004000"),
      "D 1 2 3 4 5 0 7",
      false,
    ],
  ] as const)("is only on its way out where it %s", (_, text, stat, dying) => {
    expect(isDyingIn(text, stat)).toBe(dying);
  });

  it("is on its way out once it is killed, and not before", async () => {
    const left = spawn("sleep", ["60"], { stdio: "ignore" });
    children.push(left);
    await once(left, "spawn");
    expect(isDying(left.pid!)).toBe(false);
    // Nothing waits for it until this test gives way.
    process.kill(left.pid!, "SIGKILL");
    expect(isDying(left.pid!)).toBe(true);
  });

  it("is found by its mark, wherever it went", async () => {
    const watch = new ProcessWatch([], 0);
    expect(await watch.findMarked("atk-00c0ffee")).toEqual([]);
    const left = spawn("sleep", ["60"], { argv0: "atk-00c0ffee", detached: true, stdio: "ignore" });
    children.push(left);
    await once(left, "spawn");
    expect(await watch.findMarked("atk-00c0ffee")).toEqual([
      `process ${left.pid} (sleep) outlived its sandbox`,
    ]);
  });
});
