// Theory of operation. The queue's client has to renew leases on time, whatever the host does; so it is a small process of its
// own, beside the one that supervises sandboxes. The two speak over Node's own channel. Where either dies, the other knows: the
// agent ends with its supervisor, and its chunks go to another host when their leases run out; the supervisor ends the chunks of
// an agent that died, and starts another.

import process from "node:process";

import { SameseedError } from "../../base/error.ts";
import type { ErrorCode } from "../../base/error-codes.ts";
import type { Chunk } from "../chunk.ts";
import type { ChunkReport } from "../queue/dispatcher.ts";
import { RedisLanes } from "../queue/redis-lanes.ts";
import type { FromAgent, ToAgent } from "./agent-messages.ts";

const running = new Map<string, PromiseWithResolvers<ChunkReport>>();
let lanes: RedisLanes | undefined;
let images: readonly string[] = [];

/** The queue's client of one worker. It is started by the worker, and is nobody's entry point. */
function main(): void {
  // A terminal sends these to both processes; the supervisor says what is to be done.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
  process.on("disconnect", () => process.exit(1));
  process.on("message", (message: ToAgent) => hear(message));
}

function hear(message: ToAgent): void {
  switch (message.kind) {
    case "start":
      start(message);
      break;
    case "images":
      images = message.images;
      break;
    case "done":
      running.get(message.id)?.resolve(message.report);
      break;
    case "failed":
      running.get(message.id)?.reject(asError(message.error));
      break;
    case "drain":
      void lanes?.drain().then(() => process.exit(0));
      break;
    case "leave":
      void lanes?.close().then(() => process.exit(0));
      break;
  }
}

function start({ url, note, images: own, leases }: Extract<ToAgent, { readonly kind: "start" }>): void {
  images = own;
  lanes = new RedisLanes(url, {
    note,
    images: () => images,
    work: async (chunk, signal) => await handOver(chunk, signal),
    ...(leases === undefined ? {} : { leases }),
    onWedged: () => say({ kind: "wedged" }),
  });
}

async function handOver(chunk: Chunk, signal: AbortSignal): Promise<ChunkReport> {
  const answer = Promise.withResolvers<ChunkReport>();
  running.set(chunk.id, answer);
  const stop = (): void => say({ kind: "stop", id: chunk.id });
  signal.addEventListener("abort", stop, { once: true });
  say({ kind: "run", chunk });
  try {
    return await answer.promise;
  } finally {
    signal.removeEventListener("abort", stop);
    running.delete(chunk.id);
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

main();
