import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

import { startIdMapper, type IdMap } from "../../src/sandbox/linux/id-mapper.ts";
import { codeOf, eventually } from "../../src/testing/contract-check.ts";

/* An outer wall waits for its ids without end. It gets them, or it is ended, whoever dies meanwhile. */

/** Any user may map itself. */
const own: IdMap = { users: [0, process.getuid!(), 1], group: process.getgid!(), newuidmap: undefined };
let waiting: ChildProcess;

beforeEach(async () => {
  waiting = spawn("unshare", ["--user", "sleep", "600"], { stdio: "ignore" });
  const ours = readlinkSync("/proc/self/ns/user");
  const hasItsOwn = (): boolean => readlinkSync(`/proc/${waiting.pid}/ns/user`) !== ours;
  expect(await eventually(hasItsOwn)).toBe(true);
});
afterEach(() => void waiting.kill("SIGKILL"));

const said = (): string => `{\n    "child-pid": ${waiting.pid},\n    "net-namespace": 4026533000\n}\n`;
const lives = (): boolean => waiting.exitCode === null && waiting.signalCode === null;

test("who waits gets its ids, and goes on when the zygote stands", async () => {
  const mapper = startIdMapper(own);
  mapper.info.end(said());
  await mapper.given;
  const map = readFileSync(`/proc/${waiting.pid}/uid_map`, "latin1").trim().split(/\s+/).map(Number);
  expect(map).toEqual(own.users);
  mapper.finish();
  await new Promise((done) => setTimeout(done, 300));
  expect(lives()).toBe(true);
});

test("ids that are refused end who waits for them", async () => {
  const mapper = startIdMapper({ ...own, newuidmap: "/bin/false" });
  mapper.info.end(said());
  expect(await codeOf(mapper.given)).toBe("wall_unavailable");
  expect(await eventually(() => !lives())).toBe(true);
});

test("an outer wall that says nothing is none", async () => {
  const mapper = startIdMapper(own);
  mapper.handOver();
  expect(await codeOf(mapper.given)).toBe("wall_unavailable");
});

test("the death of the host before the zygote stands ends who has its ids by then", async () => {
  const module = resolve(import.meta.dirname, "../../src/sandbox/linux/id-mapper.ts");
  const program = `const { startIdMapper } = await import(${JSON.stringify(module)});
    const mapper = startIdMapper(${JSON.stringify(own)});
    mapper.info.end(${JSON.stringify(said())});
    await mapper.given;
    process.stdout.write("given");
    setInterval(() => {}, 1000);`;
  const host = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((told) => host.stdout.once("data", told));
  expect(lives()).toBe(true);
  host.kill("SIGKILL");
  expect(await eventually(() => !lives())).toBe(true);
  expect(await eventually(() => !existsSync(`/proc/${host.pid}`))).toBe(true);
});
