/* Output that stays readable behind an end is bounded, and who asks for what is gone is told. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, expect, it } from "vitest";

import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import {
  EndedOutput,
  forgetOldOutput,
  type KeptProcess,
  OverOutput,
} from "../../src/server/native/kept-output.ts";
import { OutputLog } from "../../src/server/native/output-log.ts";
import type { ServedProcess } from "../../src/server/native/sandbox-process.ts";
import { createSandbox, serve, type Served } from "./served.ts";

const mib = 1024 * 1024;

let served: Served;
beforeAll(async () => {
  served = await serve({ maxSandboxes: 1 });
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  await closeSandboxes();
});

function ended(bytes: number): KeptProcess & { readonly output: OutputLog } {
  const output = new OutputLog();
  output.push("stdout", Buffer.alloc(bytes));
  output.end();
  return {
    output,
    isEnded: true,
    get keptBytes() {
      return output.keptBytes;
    },
    drop: () => output.drop(),
  };
}

it("is forgotten with a process that is one too many, also for its key", () => {
  const processes = new Map(Array.from({ length: 1003 }, (_, at) => [`p${at + 1}`, ended(10)]));
  const all = [...processes.values()];
  forgetOldOutput(processes);
  expect([...processes.keys()].slice(0, 1)).toEqual(["p4"]);
  expect(all.map(({ output }) => output.keptBytes).slice(0, 4)).toEqual([0, 0, 0, 10]);
  expect(() => all[0]!.output.checkKept()).toThrow("no longer kept");
});

it("is that of the last processes, of 64 MiB", () => {
  const processes = new Map(Array.from({ length: 4 }, (_, at) => [`p${at + 1}`, ended(30 * mib)]));
  forgetOldOutput(processes);
  expect([...processes.values()].map(({ output }) => output.keptBytes / mib)).toEqual([0, 0, 30, 30]);
});

it("is that of the latest processes of all sandboxes, also where each is its sandbox's last", () => {
  const all = new EndedOutput(100);
  const processes = Array.from({ length: 4 }, () => ended(40));
  for (const process of processes.slice(0, 3)) all.keep(process);
  expect(processes.map(({ output }) => output.keptBytes)).toEqual([0, 40, 40, 40]);
  // What is forgotten or dropped elsewhere makes room.
  all.forget(processes[1]!);
  processes[2]!.drop();
  all.keep(ended(100));
  expect(processes[3]!.output.keptBytes).toBe(40);
  all.keep(processes[3]!);
  expect(all.bytes).toBe(40);
  const large = ended(1000);
  all.keep(large);
  expect([large.output.keptBytes, processes[3]!.output.keptBytes]).toEqual([1000, 0]);
});

it("is that of the latest sandboxes that are over, of 256 MiB", () => {
  const over = new OverOutput();
  const keepers = Array.from({ length: 5 }, () => ({
    keptBytes: 100 * mib,
    dropOutput() {
      this.keptBytes = 0;
    },
  }));
  for (const keeper of keepers.slice(0, 4)) over.keep(keeper);
  expect(keepers.map(({ keptBytes }) => keptBytes / mib)).toEqual([0, 0, 100, 100, 100]);
  over.forget(keepers[2]!);
  over.keep(keepers[4]!);
  expect(keepers.map(({ keptBytes }) => keptBytes / mib)).toEqual([0, 0, 100, 100, 100]);
});

it("answers output_gone to a repeated command and to a reader", async () => {
  const sandbox = await createSandbox(served);
  const path = `/v1/sandboxes/${sandbox}`;
  const request = { body: { command: "echo", args: ["x"] }, headers: { "idempotency-key": "k" } };
  expect((await served.call("POST", `${path}/run`, request)).json.stdout.text).toBe("x\n");
  served.server.context.sandboxes.find(sandbox).dropOutput();
  const framed = { ...request, headers: { ...request.headers, accept: "application/vnd.sameseed.output" } };
  for (const answer of [
    await served.call("POST", `${path}/run`, request),
    await served.call("POST", `${path}/run`, framed),
    await served.call("GET", `${path}/processes/p1/output`),
    await served.call("GET", `${path}/processes/p1/stdout`),
  ])
    expect([answer.status, answer.json.error.code]).toEqual([410, "output_gone"]);
});

it("is bounded with the arguments of the processes, which may be long", async () => {
  const { sandboxes } = served.server.context;
  for (const { id } of sandboxes.all) await served.call("DELETE", `/v1/sandboxes/${id}`);
  const sandbox = sandboxes.find(await createSandbox(served));
  const long = sandbox.start("true", { args: ["x".repeat(100_000)] });
  const short = sandbox.start("true", { args: ["x"] });
  await Promise.all([long.ended, short.ended]);
  expect(sandbox.keptBytes).toBe(100_004);
  expect(sandboxes.ended.bytes).toBe(100_004);
  expect([long.view.args[0]?.length, short.view.args[0]?.length]).toEqual([100_000, 1]);
  sandbox.dropOutput();
  expect(sandbox.keptBytes).toBe(0);
  await served.call("DELETE", `/v1/sandboxes/${sandbox.id}`);
  expect(sandboxes.ended.bytes).toBe(0);
  expect([long.view.args, short.view.args]).toEqual([[], ["x"]]);
});

it("is all that is kept of a process: not its input, nor what it was started with", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const sandbox = served.server.context.sandboxes.find(await createSandbox(served));
  const start = (): [ServedProcess, WeakRef<object>] => {
    const input = Buffer.alloc(mib, "x");
    return [sandbox.start("cat", { input }), new WeakRef(input)];
  };
  const [process, input] = start();
  await process.ended;
  expect([process.view.outputBytes, process.view.result?.exitCode]).toEqual([mib, 0]);
  // A weak reference holds until its turn of the event loop is over.
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  expect(input.deref()).toBeUndefined();
});

it("is counted of a sandbox that ended by itself", async () => {
  const { sandboxes } = served.server.context;
  for (const { id } of sandboxes.all) await served.call("DELETE", `/v1/sandboxes/${id}`);
  const { sandbox } = (await served.call("POST", "/v1/sandboxes", { body: { timeoutMs: 600 } })).json;
  const over = sandboxes.find(sandbox);
  over.start("sh", { args: ["-c", "echo kept; sleep 60"] });
  await expect.poll(() => over.closedAtMs, { timeout: 5000 }).toBeDefined();
  await expect.poll(() => over.keptBytes).toBe(5);
  // Enough of another's makes it forget.
  sandboxes.over.keep({ keptBytes: 256 * mib, dropOutput: () => {} });
  expect(over.keptBytes).toBe(0);
});
