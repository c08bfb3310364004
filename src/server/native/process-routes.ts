import { constants } from "node:os";
import * as z from "zod";

import { SameseedError } from "../../base/error.ts";
import { json, noContent } from "../http/reply.ts";
import { type Call, type Route, route } from "../http/route.ts";
import {
  type CommandRequest,
  commandSchema,
  optionsOf,
  outputSchema,
  processSchema,
  resultSchema,
} from "./command-schema.ts";
import { resultJson } from "./output-json.ts";
import { framedOutput } from "./output-log.ts";
import { framesOf, rawOf } from "./output-stream.ts";
import type { ServedProcess } from "./sandbox-process.ts";
import type { Sandboxes } from "./sandboxes.ts";
import type { ServedSandbox } from "./served-sandbox.ts";

const tag = "processes";
const base = "/v1/sandboxes/{sandbox}/processes";
const one = `${base}/{process}`;
const offset = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0);
const flag = z.enum(["true", "false"]).default("false");
const waitMs = z.coerce.number().int().min(0).max(60_000).default(0);
const outputQuery = z.strictObject({ from: offset, follow: flag });

/** Processes of a sandbox, and their output. */
export function processRoutes(sandboxes: Sandboxes): readonly Route[] {
  return [
    runRoute(sandboxes),
    ...startRoutes(sandboxes),
    ...outputRoutes(sandboxes),
    ...inputRoutes(sandboxes),
  ];
}

function runRoute(sandboxes: Sandboxes): Route {
  return route({
    method: "POST",
    path: "/v1/sandboxes/{sandbox}/run",
    tag,
    summary: `Run a command to its end. JSON, or with Accept: ${framedOutput} its output as it comes`,
    body: commandSchema,
    once: "own",
    answers: {
      200: z.object({
        process: z.string(),
        result: resultSchema,
        stdout: outputSchema,
        stderr: outputSchema,
      }),
    },
    handle: async (call) => {
      const served = sandboxes.find(call.params["sandbox"]!);
      const process = await startOnce(served, call, "run", false);
      // The key's command may have ended long ago.
      process.output.checkKept();
      const release = served.lease.hold();
      if (call.headers.get("accept")?.includes(framedOutput) === true)
        return framesOf(process, { from: 0, follow: true, onEnd: release });
      try {
        return await resultOf(process, served.lease.hold());
      } finally {
        release();
      }
    },
  });
}

async function resultOf(process: ServedProcess, onEnd: () => void): Promise<Response> {
  try {
    const result = await process.result();
    const [stdout, stderr] = [process.output.parts("stdout"), process.output.parts("stderr")];
    return resultJson({ process: process.id, result }, { stdout, stderr }, onEnd);
  } catch (error) {
    onEnd();
    throw error;
  }
}

function startRoutes(sandboxes: Sandboxes): readonly Route[] {
  return [
    route({
      method: "POST",
      path: base,
      tag,
      summary:
        "Start a process and leave it running; its standard input stays open unless the request gives it",
      body: commandSchema,
      once: "own",
      answers: { 201: processSchema },
      handle: async (call) => {
        const served = sandboxes.find(call.params["sandbox"]!);
        const { id } = await startOnce(served, call, "start", true);
        // The key's process may be forgotten.
        return json(served.process(id).view, 201);
      },
    }),
    route({
      method: "GET",
      path: base,
      tag,
      summary: "List processes, in the order of their starts",
      answers: { 200: z.object({ processes: z.array(processSchema) }) },
      handle: ({ params }) => {
        const { processes } = sandboxes.find(params["sandbox"]!);
        return json({ processes: processes.map(({ view }) => view) });
      },
    }),
    route({
      method: "GET",
      path: one,
      tag,
      summary: "Show a process; with waitMs answers when it has ended, or that time is over",
      query: z.strictObject({ waitMs }),
      answers: { 200: processSchema },
      handle: async ({ params, query }) => {
        const process = find(sandboxes, params);
        await endOrTime(process, query.waitMs);
        return json(process.view);
      },
    }),
  ];
}

function outputRoutes(sandboxes: Sandboxes): readonly Route[] {
  const raw = (stream: "stdout" | "stderr"): Route =>
    route({
      method: "GET",
      path: `${one}/${stream}`,
      tag,
      summary: `Read its standard ${stream === "stdout" ? "output" : "error"} from an offset of that stream on, as raw bytes`,
      query: outputQuery,
      answers: { 200: "application/octet-stream" },
      handle: ({ params, query }) => {
        const served = sandboxes.find(params["sandbox"]!);
        const process = served.process(params["process"]!);
        process.output.checkKept();
        const release = served.lease.hold();
        return rawOf(process, stream, { from: query.from, follow: query.follow === "true", onEnd: release });
      },
    });
  return [
    route({
      method: "GET",
      path: `${one}/output`,
      tag,
      summary: "Read its output from an offset on, as frames in the order in which it came",
      query: outputQuery,
      answers: { 200: framedOutput },
      handle: ({ params, query }) => {
        const served = sandboxes.find(params["sandbox"]!);
        const process = served.process(params["process"]!);
        if (query.from > process.output.bytes)
          throw new SameseedError(
            "bad_argument",
            `the process has written ${process.output.bytes} bytes so far`,
          );
        process.output.checkKept();
        const release = served.lease.hold();
        return framesOf(process, { from: query.from, follow: query.follow === "true", onEnd: release });
      },
    }),
    raw("stdout"),
    raw("stderr"),
  ];
}

function inputRoutes(sandboxes: Sandboxes): readonly Route[] {
  return [
    route({
      method: "POST",
      path: `${one}/stdin`,
      tag,
      summary:
        "Write to its standard input from an offset on; bytes that were written before are passed over",
      query: z.strictObject({ from: offset, close: flag }),
      body: "bytes",
      answers: { 200: z.object({ inputBytes: z.int() }) },
      handle: async ({ params, query, raw }) => {
        const process = find(sandboxes, params);
        const inputBytes = await process.write(query.from, raw, query.close === "true");
        return json({ inputBytes });
      },
    }),
    route({
      method: "POST",
      path: `${one}/signal`,
      tag,
      summary: "Send a signal to it and to what it started",
      body: z.strictObject({
        signal: z
          .custom<NodeJS.Signals>(
            (name) => typeof name === "string" && Object.hasOwn(constants.signals, name),
            "no signal has that name",
          )
          .default("SIGKILL"),
      }),
      once: "stored",
      answers: { 204: null },
      handle: ({ params, body }) => {
        find(sandboxes, params).kill(body.signal);
        return noContent();
      },
    }),
  ];
}

/** Starts a process, or finds the one that the same key started. */
async function startOnce(
  served: ServedSandbox,
  { key, body }: Pick<Call<unknown, CommandRequest>, "key" | "body">,
  what: string,
  openInput: boolean,
): Promise<ServedProcess> {
  return await served.once.run(
    what,
    key,
    JSON.stringify(body),
    async () => await Promise.resolve(served.start(body.command, optionsOf(body, openInput))),
  );
}

function find(sandboxes: Sandboxes, params: Readonly<Record<string, string>>): ServedProcess {
  return sandboxes.find(params["sandbox"]!).process(params["process"]!);
}

async function endOrTime({ ended }: ServedProcess, timeMs: number): Promise<void> {
  if (timeMs === 0) return;
  let timer: NodeJS.Timeout | undefined;
  const time = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeMs);
  });
  await Promise.race([ended, time]);
  clearTimeout(timer);
}
