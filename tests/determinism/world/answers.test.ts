/*
 * Waits with a time limit for an answer of another process: they last as long as it is at work, however long a busy machine
 * takes, and no longer.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { compileFixture } from "./native-program.ts";

const source = readFileSync(join(import.meta.dirname, "programs/answers.py"), "utf8");
let program: string;

beforeAll(() => {
  const native = join(import.meta.dirname, "../../../native");
  program = Buffer.from(compileFixture("at_work.c", "-D_GNU_SOURCE", `-I${native}`)).toString("base64");
});

afterAll(closeSandboxes);

async function said(way: string, seconds: string, backend: "zygote" | "cold" = "zygote"): Promise<string> {
  await using sandbox = await Sandbox.create({ world: "sealed", network: "loopback", backend });
  const install = `import base64, os
open("/tmp/at_work", "wb").write(base64.b64decode("${program}")); os.chmod("/tmp/at_work", 0o755)\n`;
  const { stdoutText, stderrText } = await sandbox.run("python3", {
    args: ["-c", install + source, way, seconds],
    timeoutMs: 200_000,
  });
  return stdoutText.trim() + stderrText;
}

describe("a wait with a limit, beside a child", { timeout: 240_000 }, () => {
  it.for(["epoll", "poll", "select", "asyncio", "end", "epoll-tcp", "asyncio-tcp"])(
    "lasts while the child works for 4 s of a processor (%s)",
    async (way) => expect(await said(way, "4")).toBe("answered"),
  );

  it("does so in the cold backend", async () => expect(await said("epoll", "4", "cold")).toBe("answered"));

  it("lasts also where the child has had all the patience there is, and is asked something then", async () =>
    expect(await said("asked", "1")).toBe("answered"));

  it("ends where the child works for longer than the limit", async () =>
    expect(await said("late", "1000")).toBe("given up"));
});

it("a wait on a child that waits itself ends soon, however long its limit", async () =>
  expect(await said("idle", "1")).toBe("given up"));

it("a sleep beside a child at work ends soon, though it is made of a wait", async () =>
  expect(await said("sleep", "1000")).toBe("given up"));

it("a child that waits for its parent over a socket, with timers of its own, does not outrun it", async () =>
  expect(await said("timer", "3")).toBe("answered"));
