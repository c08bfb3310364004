import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";

import { isSameseedError } from "../base/error.ts";
import type { ErrorCode } from "../base/error-codes.ts";
import { defaultLimits, type Limits } from "../model/limits.ts";
import type { Link, OutputChannel, RunningSandbox, SandboxBackend, SandboxEnd } from "../sandbox/contract.ts";

/** One promise that a sandbox backend keeps. */
export interface ContractCheck {
  /** The promise, as a sentence without a full stop. */
  readonly name: string;
  /** Resolves if the backend keeps the promise; rejects with what was observed instead. */
  readonly run: (backend: SandboxBackend) => Promise<void>;
}

/** What a script's sandbox left behind. */
export interface ScriptRun {
  readonly end: SandboxEnd;
  readonly stdout: string;
  readonly stderr: string;
  readonly stream: Buffer;
}

/** The limits checks run under where they say nothing else: tight, so that a failing check ends soon. */
const checkLimits: Limits = { ...defaultLimits, wallMs: 20_000, cpuMs: 15_000, memoryMb: 256, diskMb: 16 };

/** Runs Python source as the first process of a sandbox of its own. */
export async function runScript(
  backend: SandboxBackend,
  source: string,
  limits: Partial<Limits> = {},
): Promise<ScriptRun> {
  const [run] = await runGroup(backend, [source], [], limits);
  return run!;
}

/** Runs one script for each member of a group, with streams between them. */
export async function runGroup(
  backend: SandboxBackend,
  sources: readonly string[],
  links: readonly Link[],
  limits: Partial<Limits> = {},
): Promise<ScriptRun[]> {
  const written = sources.map((): Record<OutputChannel, Buffer[]> => ({
    stdout: [],
    stderr: [],
    stream: [],
  }));
  const running = await backend.start({
    members: sources.map((source) => scriptPlan(source, limits)),
    links,
    onOutput: (member, channel, data) => void written[member]?.[channel].push(Buffer.from(data)),
  });
  const ends = await Promise.all(running.map(({ ended }) => ended));
  return ends.map((end, member) => ({
    end,
    stdout: Buffer.concat(written[member]!.stdout).toString(),
    stderr: Buffer.concat(written[member]!.stderr).toString(),
    stream: Buffer.concat(written[member]!.stream),
  }));
}

/** Starts a script, and waits until it runs. */
export async function startScript(
  backend: SandboxBackend,
  source: string,
  signal?: AbortSignal,
): Promise<RunningSandbox> {
  const runs = Promise.withResolvers<void>();
  const [running] = await backend.start({
    members: [scriptPlan(`import os; os.write(1, b'.')\n${source}`, {})],
    links: [],
    onOutput: () => runs.resolve(),
    ...(signal === undefined ? {} : { signal }),
  });
  await Promise.race([runs.promise, running!.ended]);
  return running!;
}

/** Runs a script that prints one JSON value, and gives it back. */
export async function ask<T>(
  backend: SandboxBackend,
  source: string,
  limits: Partial<Limits> = {},
): Promise<T> {
  const { end, stdout, stderr } = await runScript(backend, source, limits);
  if (end.exitCode !== 0) throw new Error(`the probe ended with ${JSON.stringify(end)}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

/** The code of the error a call fails with. */
export async function codeOf(call: Promise<unknown>): Promise<ErrorCode | "no error"> {
  try {
    await call;
    return "no error";
  } catch (error) {
    if (isSameseedError(error)) return error.code;
    throw error;
  }
}

/** A number of seconds that no other process sleeps: as an argument, it marks a process. */
export function sleepMarker(): string {
  return `86399.${BigInt(`0x${randomBytes(6).toString("hex")}`)}`;
}

/** How many processes of this host have that argument. */
export function countMarked(marker: string): number {
  return markedPids(marker).length;
}

/** The processes of this host that have that argument. */
export function markedPids(marker: string): string[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => commandLine(pid).includes(marker));
}

/** Waits until something holds; false where it does not within the time. */
export async function eventually(holds: () => boolean, withinMs = 5_000): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return true;
}

function scriptPlan(
  source: string,
  limits: Partial<Limits>,
): {
  job: { entry: "script"; name: string; source: string; files: []; env: {} };
  limits: Limits;
} {
  return {
    job: { entry: "script", name: "check.py", source, files: [], env: {} },
    limits: { ...checkLimits, ...limits },
  };
}

function commandLine(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0");
  } catch {
    return [];
  }
}
