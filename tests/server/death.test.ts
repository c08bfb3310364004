/* Whoever is killed, nothing of what was opened outlives it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

import {
  alive,
  descendants,
  groupFolders,
  mounts,
  newMounts,
  type ProcessName,
} from "../lifecycle/left-behind.ts";
import { call } from "./served.ts";

const main = join(import.meta.dirname, "../../src/cli/main.ts");
const clientProgram = join(import.meta.dirname, "client-program.ts");

let folder: string;
const started: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sameseed-death-"));
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

interface Running {
  readonly child: ChildProcess;
  readonly exited: Promise<unknown[]>;
  readonly line: string;
}

/** Starts a program and waits for its first line. */
async function start(
  program: string,
  args: readonly string[],
  input: "ignore" | "pipe" = "ignore",
): Promise<Running> {
  const child = spawn(process.execPath, [program, ...args], { stdio: [input, "pipe", "pipe"] });
  started.push(child);
  child.stderr!.resume();
  const exited = once(child, "exit");
  const [line] = (await once(child.stdout!, "data")) as [Buffer];
  return { child, exited, line: line.toString().trim() };
}

async function serveAndOpen(): Promise<{
  server: Running;
  client: Running;
  port: number;
  below: ProcessName[];
}> {
  const args = ["serve", "--listen", "127.0.0.1:0", "--runs", join(folder, "runs"), "--lease-ms", "1000"];
  const server = await start(main, args);
  const port = Number(/:(\d+)$/.exec(server.line)![1]);
  const client = await start(clientProgram, [String(port)]);
  const below = descendants(server.child.pid!);
  expect(below.length).toBeGreaterThan(5);
  return { server, client, port, below };
}

async function gone(processes: readonly ProcessName[], withinMs: number): Promise<void> {
  await expect.poll(() => alive(processes), { timeout: withinMs, interval: 50 }).toEqual([]);
}

it.each<[string, NodeJS.Signals]>([
  ["killed", "SIGKILL"],
  ["asked to end, and then again", "SIGTERM"],
])("a server that is %s under load leaves no process, mount or group", async (_, signal) => {
  const before = mounts();
  const { server, below } = await serveAndOpen();
  server.child.kill(signal);
  if (signal !== "SIGKILL") {
    await new Promise((resolve) => setTimeout(resolve, 200));
    server.child.kill(signal);
  }
  await server.exited;
  await gone(below, 10_000);
  expect(newMounts(before)).toEqual([]);
  await expect.poll(() => groupFolders([server.child.pid!]), { timeout: 10_000 }).toEqual([]);
});

it("a client that is killed leaves nothing of what it opened, and its run can be gone on with", async () => {
  const { server, client, port } = await serveAndOpen();
  client.child.kill("SIGKILL");
  await client.exited;
  // Stated: the lease's second, and two more.
  const since = performance.now();
  const ready = async () =>
    (await call(port, "GET", "/readyz")).json as { slots: { used: number }; leases: number };
  while ((await ready()).slots.used > 0 || (await ready()).leases > 0) {
    expect(performance.now() - since).toBeLessThan(8000);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const names = descendants(server.child.pid!);
  const { runs } = (await call(port, "GET", "/v1/runs")).json as { runs: { run: string; state: string }[] };
  expect(runs.map(({ state }) => state)).toEqual(["failed"]);
  const resumed = await call(port, "POST", `/v1/runs/${runs[0]!.run}/resume`);
  expect(resumed.json.state).toBe("running");
  server.child.kill("SIGTERM");
  expect((await server.exited)[0]).toBe(0);
  await gone(names, 10_000);
});

it("a run that is whole is resumed as that, by a server that did not record it too", async () => {
  const runs = join(folder, "whole");
  const serve = async () => await start(main, ["serve", "--listen", "127.0.0.1:0", "--runs", runs]);
  const port = (line: string): number => Number(/:(\d+)$/.exec(line)![1]);
  const first = await serve();
  const body = { env: "CartPole-v1", seeds: [1, 2], detached: true };
  const { run } = (await call(port(first.line), "POST", "/v1/runs", { body })).json as { run: string };
  const resume = async (line: string) => await call(port(line), "POST", `/v1/runs/${run}/resume`);
  const whole = { run, state: "ended", total: 2, recorded: 2, error: null };
  const at = async () => (await call(port(first.line), "GET", `/v1/runs/${run}`)).json;
  await expect.poll(at, { timeout: 30_000 }).toMatchObject(whole);
  expect((await resume(first.line)).json).toEqual(whole);
  first.child.kill("SIGKILL");
  await first.exited;
  const again = await serve();
  expect((await resume(again.line)).json).toEqual(whole);
  again.child.kill("SIGTERM");
  await again.exited;
});

interface Progress {
  readonly state: string;
  readonly total: number;
  readonly recorded: number;
}

/** An environment that reads what it was sent with. */
const environment = `import gymnasium
from gymnasium.spaces import Discrete

class Kept(gymnasium.Env):
    observation_space = action_space = Discrete(300)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return ord(open("said.txt").read()[0]), {}

    def step(self, action):
        return open("more/bytes", "rb").read()[1], 0.0, True, False, {}
`;

it("a server that is killed goes on with its run when it is started again", async () => {
  const runs = join(folder, "again");
  const first = await start(main, ["serve", "--listen", "127.0.0.1:0", "--runs", runs]);
  const port = (line: string): number => Number(/:(\d+)$/.exec(line)![1]);
  const request = {
    env: { source: environment, className: "Kept", name: "kept.py" },
    files: { "said.txt": { text: "one" }, "more/bytes": { base64: "AP8=" } },
    policy: {
      source: 'def act(observation, rng): return int(open("a.txt").read())',
      files: { "a.txt": { text: "7" } },
    },
    seeds: { from: 0, count: 3000 },
    detached: true,
  };
  const { run } = (await call(port(first.line), "POST", "/v1/runs", { body: request })).json as {
    run: string;
  };
  const at = async (line: string) => (await call(port(line), "GET", `/v1/runs/${run}`)).json as Progress;
  await expect.poll(async () => (await at(first.line)).recorded, { timeout: 30_000 }).toBeGreaterThan(20);
  first.child.kill("SIGKILL");
  await first.exited;
  const again = await start(main, ["serve", "--listen", "127.0.0.1:0", "--runs", runs]);
  const { runs: listed } = (await call(port(again.line), "GET", "/v1/runs")).json as { runs: unknown[] };
  expect(listed).toEqual([{ run, state: "failed" }]);
  const cut = await at(again.line);
  expect(cut).toMatchObject({ state: "failed", total: 3000, error: { code: "aborted" } });
  const resumed = (await call(port(again.line), "POST", `/v1/runs/${run}/resume`)).json as Progress;
  expect(resumed.state).toBe("running");
  await expect
    .poll(async () => (await at(again.line)).recorded, { timeout: 30_000 })
    .toBeGreaterThan(cut.recorded + 20);
  expect((await call(port(again.line), "POST", `/v1/runs/${run}/cancel`)).json).toMatchObject({
    state: "failed",
  });
  again.child.kill("SIGTERM");
  await again.exited;
});

it("a server that was asked to drains when its input ends, and not before", async () => {
  const socket = join(folder, "socket");
  const { child, exited } = await start(
    main,
    ["serve", "--listen", `unix:${socket}`, "--until-input-ends"],
    "pipe",
  );
  child.stdin!.write("what comes is nobody's\n");
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect([child.exitCode, existsSync(socket)]).toEqual([null, true]);
  child.stdin!.end();
  expect(await exited).toEqual([0, null]);
  expect(existsSync(socket)).toBe(false);
});
