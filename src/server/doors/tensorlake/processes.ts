import { constants } from "node:os";

import { SameseedError } from "../../../base/error.ts";
import { streamOf } from "../../native/output-stream.ts";
import type { OutputStream } from "../../native/output-block.ts";
import type { ServedProcess } from "../../native/sandbox-process.ts";
import { type Line, linesOf } from "./lines.ts";
import type { Machine } from "./machines.ts";
import { notOffered } from "./protocol-errors.ts";
import type { ProcessBody } from "./schemas.ts";

/** Who a program may be asked to run as: the one user that there is, also by the name that old clients send unasked. */
const users: ReadonlySet<unknown> = new Set([undefined, null, "", "sandbox", "tl-user", "1000", "1000:1000"]);

/** Starts a process. @throws what is not offered; as `Sandbox.startProcess` */
export function startProcess(machine: Machine, body: ProcessBody, openInput: boolean): ServedProcess {
  refuse(body);
  const { command, args, env, working_dir: cwd, timeout } = body;
  const process = machine.served.start(command, {
    ...(args == null ? {} : { args }),
    ...(env == null ? {} : { env }),
    ...(cwd == null ? {} : { cwd }),
    ...(timeout == null ? {} : { timeoutMs: Math.max(1, Math.round(timeout * 1000)) }),
    ...(openInput ? {} : { input: "" }),
  });
  const discarded = (["stdout", "stderr"] as const).filter((stream) => body[`${stream}_mode`] === "discard");
  if (discarded.length > 0) machine.discarded.set(process.id, new Set(discarded));
  return process;
}

function refuse({ user, name, restart, health_check: health }: ProcessBody): void {
  const uid = typeof user === "object" && user !== null && "uid" in user ? user.uid : undefined;
  if (!users.has(user) && uid !== 1000)
    throw notOffered("other user than sandbox (uid 1000)", "leave user out");
  if (name != null || restart != null || health != null)
    throw notOffered("managed processes", "leave name, restart and health_check out");
}

/** The process that a path names. @throws `not_found`, `output_gone` */
export function findProcess({ served }: Machine, number: string): ServedProcess {
  if (/^[1-9]\d{0,8}$/.test(number)) return served.process(`p${number}`);
  throw new SameseedError("not_found", `there is no process ${number.slice(0, 40)}`);
}

/** How a process ended, in the protocol's words. */
export interface Exit {
  readonly exit_code?: number;
  readonly signal?: number;
  readonly oom_killed?: boolean;
  readonly reason: "exited" | "signaled" | "oom_killed" | "timed_out";
}

/** How a process ended. A sandbox that ended with it is a SIGKILL. */
function exitOf(process: ServedProcess): Exit {
  const { result } = process.view;
  const signal = result?.signal ?? null;
  if (result !== null && signal === null && result.exitCode !== null)
    return { exit_code: result.exitCode, reason: "exited" };
  const number = constants.signals[signal ?? "SIGKILL"];
  // A processor's limit is no time-out: its client gave none of that kind.
  if (result?.timedOut === true && result.sandboxEnded !== "cpu")
    return { signal: number, reason: "timed_out" };
  if (result?.memoryExceeded === true) return { signal: number, oom_killed: true, reason: "oom_killed" };
  return { signal: number, reason: "signaled" };
}

/** What a client is told of a process. */
export function processInfo(process: ServedProcess): object {
  const { state, command, args } = process.view;
  const exit = state === "running" ? undefined : exitOf(process);
  const reason = exit?.reason === "timed_out" ? "signaled" : exit?.reason;
  return {
    pid: pidOf(process),
    status: reason ?? "running",
    ...(exit?.exit_code === undefined ? {} : { exit_code: exit.exit_code }),
    ...(exit?.signal === undefined ? {} : { signal: exit.signal }),
    stdin_writable: process.takesInput,
    command,
    args,
    started_at: process.startedAtMs,
    ...(process.endedAtMs === undefined ? {} : { ended_at: process.endedAtMs }),
  };
}

/** A process's number: they are counted for each sandbox. */
export function pidOf({ id }: ServedProcess): number {
  return Number(id.slice(1));
}

/** All lines so far, as they are taken: they may be many. */
export function outputOf(
  machine: Machine,
  process: ServedProcess,
  streams: readonly OutputStream[],
): Response {
  process.output.checkKept();
  const parts = outputParts(machine, process, streams);
  return streamOf(parts, { "content-type": "application/json" }, machine.served.lease.hold());
}

async function* outputParts(
  machine: Machine,
  process: ServedProcess,
  streams: readonly OutputStream[],
): AsyncGenerator<Uint8Array, void, undefined> {
  let count = 0;
  const reading = { streams, discarded: discardedOf(machine, process), follow: false };
  yield Buffer.from(`{"pid":${pidOf(process)},"lines":[`);
  for await (const lines of linesOf(process, reading)) {
    const texts = lines.map(({ line }) => JSON.stringify(line)).join(",");
    yield Buffer.from(count === 0 ? texts : `,${texts}`);
    count += lines.length;
  }
  yield Buffer.from(`],"line_count":${count}}`);
}

/** A command's lines as they come, and how it ended. */
export function runEvents(machine: Machine, process: ServedProcess): Response {
  return events(machine, runParts(machine, process));
}

async function* runParts(
  machine: Machine,
  process: ServedProcess,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield event({ pid: pidOf(process), started_at: process.startedAtMs });
  yield* lineParts(machine, process, both);
  const { startError, outputTruncated } = (await resultOf(process)) ?? {};
  if (startError != null)
    yield event({ line: startError.message, timestamp: process.endedAtMs, stream: "stderr" });
  if (outputTruncated === true)
    yield event({
      line: "the command was ended: it wrote too much",
      timestamp: process.endedAtMs,
      stream: "stderr",
    });
  yield event(exitOf(process));
}

/** What is known of how it ended, and what is only told of it. @throws what kept it from having a result */
async function resultOf(
  process: ServedProcess,
): Promise<Awaited<ReturnType<ServedProcess["result"]>> | undefined> {
  // A sandbox that its client closed meanwhile ended the process with a SIGKILL, and says no more.
  return await process.result().catch(() => undefined);
}

/** A process's lines from the first on, and those that come. */
export function followEvents(
  machine: Machine,
  process: ServedProcess,
  streams: readonly OutputStream[],
): Response {
  return events(machine, followParts(machine, process, streams));
}

async function* followParts(
  machine: Machine,
  process: ServedProcess,
  streams: readonly OutputStream[],
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* lineParts(machine, process, streams, "output");
  // Without data: the oldest clients take data for a line.
  yield Buffer.from("event: eof\ndata:\n\n");
}

/** Both streams of a process. */
export const both: readonly OutputStream[] = ["stdout", "stderr"];

async function* lineParts(
  machine: Machine,
  process: ServedProcess,
  streams: readonly OutputStream[],
  name?: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reading = { streams, discarded: discardedOf(machine, process), follow: true };
  for await (const lines of linesOf(process, reading))
    yield Buffer.concat(lines.map((line: Line) => event(line, name)));
}

function discardedOf(machine: Machine, { id }: ServedProcess): ReadonlySet<OutputStream> {
  return machine.discarded.get(id) ?? new Set();
}

function event(data: object, name?: string): Buffer {
  const head = name === undefined ? "" : `event: ${name}\n`;
  return Buffer.from(`${head}data: ${JSON.stringify(data)}\n\n`);
}

/** Somebody waits for what comes: the sandbox stays meanwhile. */
function events({ served }: Machine, parts: AsyncGenerator<Uint8Array, void, undefined>): Response {
  const headers = { "content-type": "text/event-stream", "cache-control": "no-cache" };
  return streamOf(parts, headers, served.lease.hold());
}
