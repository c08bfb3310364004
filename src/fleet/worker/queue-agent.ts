// Theory of operation. The queue's client has to renew leases on time, whatever the host does; so it is a small process of its
// own, beside the one that supervises sandboxes. The two speak over Node's own channel. Where either dies, the other knows: the
// agent ends with its supervisor, and its chunks go to another host when their leases run out; the supervisor ends the chunks of
// an agent that died, and starts another. A supervisor that lives and does nothing, stopped or swapped out, is as good as dead:
// an agent that hears nothing of it for as long as a lease ends too, and renews none for it.

import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

import { SameseedError } from "../../base/error.ts";
import type { ErrorCode } from "../../base/error-codes.ts";
import type { Chunk } from "../chunk.ts";
import type { ChunkReport } from "../queue/dispatcher.ts";
import { BullLanes } from "../queue/bull-lanes.ts";
import { openBackend } from "../queue/open-dispatcher.ts";
import { beatMs, defaultLeases } from "../queue/queue-names.ts";
import type { FromAgent, ToAgent } from "./agent-messages.ts";

/** By number: a chunk whose lease was lost may come back while its first execution is still ending. */
const running = new Map<number, PromiseWithResolvers<ChunkReport>>();
let executions = 0;
let heardAt = performance.now();
let lanes: BullLanes | undefined;
let images: readonly string[] = [];

/** The queue's client of one worker. It is started by the worker, and is nobody's entry point. */
function main(): void {
  // A terminal sends these to both processes; the supervisor says what is to be done.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
  process.on("disconnect", () => void leave());
  process.on("message", (message: ToAgent) => hear(message));
}

/** Ends without a word to a supervisor that is not there. */
async function leave(): Promise<void> {
  await Promise.race([lanes?.forget().catch(() => {}), sleep(goodbyeMs)]);
  process.exit(1);
}

function hear(message: ToAgent): void {
  heardAt = performance.now();
  switch (message.kind) {
    case "start":
      void start(message);
      break;
    case "images":
      images = message.images;
      break;
    case "alive":
      break;
    case "done":
      running.get(message.number)?.resolve(message.report);
      break;
    case "failed":
      running.get(message.number)?.reject(asError(message.error));
      break;
    case "drain":
      void lanes?.drain().then(() => process.exit(0));
      break;
    case "leave":
      void lanes?.close().then(() => process.exit(0));
      break;
  }
}

async function start({
  url,
  note,
  images: own,
  leases,
}: Extract<ToAgent, { readonly kind: "start" }>): Promise<void> {
  images = own;
  const { lockMs } = leases ?? defaultLeases;
  setInterval(() => {
    if (performance.now() - heardAt > lockMs) void leave();
  }, beatMs);
  lanes = new BullLanes(await openBackend(url), {
    note,
    images: () => images,
    work: async (chunk, signal) => await handOver(chunk, signal),
    ...(leases === undefined ? {} : { leases }),
    onWedged: () => say({ kind: "wedged" }),
  });
}

async function handOver(chunk: Chunk, signal: AbortSignal): Promise<ChunkReport> {
  const answer = Promise.withResolvers<ChunkReport>();
  const number = ++executions;
  running.set(number, answer);
  const stop = (): void => say({ kind: "stop", number });
  signal.addEventListener("abort", stop, { once: true });
  say({ kind: "run", number, chunk });
  try {
    return await answer.promise;
  } finally {
    signal.removeEventListener("abort", stop);
    running.delete(number);
  }
}

function say(message: FromAgent): void {
  process.send?.(message);
}

function asError({ code, message, hint, context }: Record<string, unknown>): SameseedError {
  return new SameseedError(code as ErrorCode, String(message), {
    ...(typeof hint === "string" ? { hint } : {}),
    ...(typeof context === "object" && context !== null ? { context: { ...context } } : {}),
  });
}

/** How long saying goodbye to the queue may take. */
const goodbyeMs = 500;

main();
