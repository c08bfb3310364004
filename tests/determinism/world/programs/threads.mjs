/* Node in the sealed world: its clocks, chances, names, pool of threads, workers and timers, a line for each. */
import { randomBytes, randomUUID, pbkdf2, createHash } from "node:crypto";
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { availableParallelism, hostname, loadavg, totalmem, uptime } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import { gzip } from "node:zlib";

async function main() {
  const say = (name, ...values) => console.log(name, ...values.map(String));
  say("clocks", Date.now(), performance.now(), process.hrtime.bigint(), new Date().toISOString());
  say("chances", Math.random(), Math.random(), randomUUID(), randomBytes(8).toString("hex"));
  say("web", crypto.getRandomValues(new Uint32Array(2)));
  say("names", hostname(), availableParallelism(), loadavg(), totalmem(), uptime(), process.pid);
  mkdirSync("/tmp/listed");
  for (const name of ["c", "a", "b"]) writeFileSync(`/tmp/listed/${name}`, name);
  say(
    "files",
    readdirSync("/tmp/listed"),
    statSync("/tmp/listed/a").mtimeMs,
    statSync("/tmp/listed/a").birthtimeMs,
  );
  await sleep(3_600_000);
  say("slept", Date.now());
  const order = [];
  const derive = promisify(pbkdf2);
  const compress = promisify(gzip);
  await Promise.all([
    ...["c", "a", "b"].map(async (name) => order.push(await readFile(`/tmp/listed/${name}`, "utf8"))),
    ...[4, 3, 2, 1].map(async (n) => {
      await derive("secret", "salt", n * 500, 16, "sha256");
      order.push(`derived ${n}`);
    }),
    ...[1, 2, 3].map(async (n) =>
      order.push(`compressed ${(await compress("x".repeat(n * 10_000))).length}`),
    ),
    ...[3, 2, 1].map(async (n) => order.push(`timer ${await sleep(n, n)}`)),
  ]);
  say("pool", createHash("sha256").update(order.join()).digest("hex").slice(0, 16), order.length, Date.now());
  const told = [];
  await Promise.all(
    [0, 1, 2].map(
      (who) =>
        new Promise((resolve, reject) => {
          const worker = new Worker(new URL(import.meta.url), { workerData: who });
          worker.on("message", (message) => told.push(message));
          worker.on("error", reject);
          worker.on("exit", resolve);
        }),
    ),
  );
  say(
    "workers",
    createHash("sha256").update(told.join()).digest("hex").slice(0, 16),
    told.length,
    Date.now(),
  );
}

if (isMainThread) await main();
else
  for (let n = 0; n < 20; n++) {
    parentPort.postMessage(`${workerData} ${n} ${Date.now()} ${Math.random()}`, []);
    await sleep(n % 3);
  }
