import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { setTimeout } from "node:timers/promises";

import type { SandboxBackend } from "../../../src/sandbox/contract.ts";
import { runScript, startScript } from "../../../src/testing/contract-check.ts";
import { probeSource, readAnswer, staySource } from "../walls/probe.ts";
import { numberHere } from "../walls/program-probes.ts";
import { bitCount } from "./measure.ts";
import { messageBits, recovery } from "./message.ts";

/** What a sandbox could leave for the next one, a message at a time. */
export const successions = ["tmp", "shm", "sysv", "keyring", "environment", "descriptors", "memory"] as const;

/** Where something could be left. */
export type Succession = (typeof successions)[number];

const numbers = Object.fromEntries(
  ["msgget", "shmget", "add_key", "keyctl"].map((name) => [name, numberHere(name)]),
);
const sent: readonly boolean[] = messageBits(bitCount);

function source(kind: Succession, token: string, leaves: boolean, finds: boolean, cleans = false): string {
  const bits = leaves ? { bits: sent.map(Number) } : {};
  const parameters = { kind, token, count: bitCount, numbers, finds, cleans, ...bits };
  return probeSource("succession", parameters, ["memory"]);
}

function recovered(stdout: string): number {
  const answer = readAnswer(stdout);
  if (answer === undefined) throw new Error("nothing was read");
  return recovery(
    sent,
    sent.map((_, index) => (JSON.parse(answer.seen) as number[])[index] === 1),
  );
}

/**
 * How much of the message the next sandbox finds.
 * @param place the slot that the first one had, or another one
 */
export async function measureSuccession(
  backend: SandboxBackend,
  kind: Succession,
  place: "same slot" | "other slot",
): Promise<number> {
  const token = randomBytes(4).toString("hex");
  await runScript(backend, source(kind, token, true, false));
  // The slot is given back a moment after its sandbox's end is known, and the one given back last is taken first.
  await setTimeout(20);
  const holder = place === "other slot" ? await startScript(backend, staySource) : undefined;
  const { stdout, stderr } = await runScript(backend, source(kind, token, false, true), { memoryMb: 512 });
  holder?.kill();
  await holder?.ended;
  if (stdout === "") throw new Error(stderr);
  return recovered(stdout);
}

/** How much of it is found where both run in one plain process, as in a worker that is used again. */
export function measureReuse(python: string, kind: Succession): number {
  const token = randomBytes(4).toString("hex");
  const raise = "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))\n";
  const run = spawnSync(python, ["-c", raise + source(kind, token, true, true, true)], { encoding: "utf8" });
  if (run.status !== 0) throw new Error(run.stderr);
  return recovered(run.stdout);
}
