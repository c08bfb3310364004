import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { acquireRunLock } from "../../../src/store/run-lock.ts";
import { failureOf, temporaryFolder } from "./store-fixture.ts";

/** What a lock says of its holder, with some of it changed. */
function holder(path: string, changes: Readonly<Record<string, unknown>>): string {
  const lock = acquireRunLock(path);
  const text = readFileSync(path, "utf8");
  lock.release();
  return JSON.stringify({ ...(JSON.parse(text) as object), nonce: "0123456789abcdef", ...changes });
}

const stale: [string, Readonly<Record<string, unknown>>][] = [
  ["a process that is gone", { pid: 4_194_305 }],
  ["a process whose number another one has now", { startTime: "1" }],
  ["a process from before the last boot", { boot: "00000000-0000-0000-0000-000000000000" }],
];

test.each(stale)("the lock of %s is taken over", (_, changes) => {
  const folder = temporaryFolder();
  const path = join(folder, "lock");
  writeFileSync(path, holder(path, changes));
  const lock = acquireRunLock(path);
  expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ pid: process.pid });
  lock.release();
  expect(readdirSync(folder)).toEqual([]);
});

const alive: [string, Readonly<Record<string, unknown>>][] = [
  ["this process", {}],
  ["a process on another host", { host: "elsewhere", pid: 4_194_305 }],
  ["a process in another container", { pidNamespace: "pid:[1]", pid: 4_194_305 }],
];

test.each(alive)("the lock of %s is respected, and the hint says what to do", async (_, changes) => {
  const path = join(temporaryFolder(), "lock");
  const text = holder(path, changes);
  writeFileSync(path, text);
  const error = await failureOf(() => acquireRunLock(path));
  expect(error.code).toBe("run_locked");
  expect(error.hint).toContain(path);
  expect(readFileSync(path, "utf8")).toBe(text);
});

test("a lock that does not name its holder is left for a person to judge", async () => {
  const path = join(temporaryFolder(), "lock");
  for (const text of ["", "{}", "x".repeat(100_000)]) {
    writeFileSync(path, text);
    const error = await failureOf(() => acquireRunLock(path));
    expect(["run_locked", "run_damaged"]).toContain(error.code);
    expect(existsSync(path)).toBe(true);
  }
});

test("a takeover that was itself cut short is taken over", () => {
  const folder = temporaryFolder();
  const path = join(folder, "lock");
  writeFileSync(path, holder(path, { pid: 4_194_305 }));
  writeFileSync(`${path}.takeover`, holder(join(folder, "other"), { pid: 4_194_306 }));
  acquireRunLock(path).release();
  expect(readdirSync(folder)).toEqual([]);
});

test("releasing does not remove a lock that is no longer one's own", () => {
  const path = join(temporaryFolder(), "lock");
  const lock = acquireRunLock(path);
  const other = JSON.stringify({ ...(JSON.parse(readFileSync(path, "utf8")) as object), nonce: "another" });
  writeFileSync(path, other);
  lock.release();
  expect(readFileSync(path, "utf8")).toBe(other);
});

test("of many processes that see one stale lock, one at a time gets it", { timeout: 60_000 }, async () => {
  const folder = temporaryFolder();
  const path = join(folder, "lock");
  const module = join(import.meta.dirname, "../../../src/store/run-lock.ts");
  // Whoever holds the lock makes a file that must not exist yet; half of them then die without releasing.
  const script = `
    import { unlinkSync, writeFileSync } from "node:fs";
    const { acquireRunLock } = await import(${JSON.stringify(module)});
    for (let turn = 0; turn < 300; turn++) {
      let lock;
      try { lock = acquireRunLock(${JSON.stringify(path)}); }
      catch (error) { if (error.code !== "run_locked") throw error; continue; }
      writeFileSync(${JSON.stringify(join(folder, "held"))}, "", { flag: "wx" });
      unlinkSync(${JSON.stringify(join(folder, "held"))});
      if (turn > 100 && process.argv[1] === "dies") process.kill(process.pid, "SIGKILL");
      lock.release();
    }`;
  const run = async (role: string): Promise<string> => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", script, role], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let errors = "";
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    await once(child, "close");
    return errors;
  };
  const errors = await Promise.all(["dies", "lives", "dies", "lives", "dies", "lives"].map(run));
  expect(errors).toEqual(errors.map(() => ""));
  acquireRunLock(path).release();
});
