/* A command that was killed on a machine that is slow, or stands still: whether what else runs in its sandbox goes on. */
import { setTimeout as sleep } from "node:timers/promises";

import { afterEach, beforeEach, expect, test } from "vitest";

import { defaultImageName } from "../../src/image/default-image.ts";
import { resolveImage } from "../../src/image/image-store.ts";
import { childPids } from "../../src/sandbox/linux/processes.ts";
import { Sandbox } from "../../src/sandbox/sandbox.ts";
import { ZygoteBackend } from "../../src/sandbox/zygote/backend.ts";
import { codeOf } from "../../src/testing/contract-check.ts";

let backend: ZygoteBackend;
let sandbox: Sandbox;
let agent = 0;

beforeEach(async () => {
  backend = new ZygoteBackend(resolveImage(defaultImageName));
  sandbox = await Sandbox.createOn(backend);
  const agents = backend.zygotePids.flatMap((zygote) => childPids(zygote)).flatMap((slot) => childPids(slot));
  expect(agents).toHaveLength(1);
  agent = agents[0]!;
});
afterEach(async () => {
  await sandbox.close();
  await backend.close();
});

test("what else runs in the sandbox goes on where the agent had no time for three seconds", async () => {
  const other = sandbox.startProcess("cat");
  await other.write("heard\n");
  const killed = sandbox.run("sleep", { args: ["60"], timeoutMs: 300 });
  await sleep(200);
  process.kill(agent, "SIGSTOP");
  await sleep(3_000);
  process.kill(agent, "SIGCONT");
  expect(await killed).toMatchObject({ timedOut: true, signal: "SIGKILL", sandboxEnded: null });
  await other.end();
  expect(await other.wait()).toMatchObject({ exitCode: 0, stdoutText: "heard\n" });
});

test("an agent that says nothing more is ended, with what else runs there", async () => {
  const other = sandbox.startProcess("cat");
  const killed = sandbox.run("sleep", { args: ["60"], timeoutMs: 300 });
  await sleep(200);
  process.kill(agent, "SIGSTOP");
  expect(await killed).toMatchObject({ timedOut: true, sandboxEnded: "killed" });
  expect(await codeOf(other.wait())).toBe("sandbox_ended");
});
