import { constants } from "node:os";
import type { Context } from "hono";
import * as z from "zod";

import { nowMs } from "../../../base/clock.ts";
import { packageVersion } from "../../../base/package-version.ts";
import type { ServerContext } from "../../context.ts";
import type { DoorRoutes } from "../../http/door-routes.ts";
import { readBody } from "../../http/read-body.ts";
import { bytes, json, noContent, toResponse } from "../../http/reply.ts";
import { check } from "../../http/route.ts";
import { fileBytesMost } from "../../native/file-routes.ts";
import type { OutputStream } from "../../native/output-block.ts";
import type { ServedProcess } from "../../native/sandbox-process.ts";
import { param, readJson } from "../door-work.ts";
import type { Machine } from "./machines.ts";
import {
  both,
  findProcess,
  followEvents,
  outputOf,
  processInfo,
  runEvents,
  startProcess,
} from "./processes.ts";
import { notOffered } from "./protocol-errors.ts";
import { processSchema } from "./schemas.ts";

const base = "/api/v1";
const signals = new Map(
  Object.entries(constants.signals).map(([name, number]) => [number, name as NodeJS.Signals]),
);
const signalSchema = z.object({
  signal: z.int().refine((number) => signals.has(number), "there is no such signal"),
});
const pathSchema = z.string().min(1);

/** Finds the sandbox that a request is for. */
export type MachineOf = (c: Context) => Machine;

/** Adds what is asked of a sandbox itself. */
export function addSandboxCalls(routes: DoorRoutes, context: ServerContext, machineOf: MachineOf): void {
  routes.get(`${base}/health`, "Tell that the sandbox is there", (c) => {
    machineOf(c);
    return toResponse(json({ healthy: true }));
  });
  routes.get(`${base}/info`, "Count its processes", (c) => {
    const { served } = machineOf(c);
    const running = served.processes.filter(({ output }) => !output.isEnded);
    return toResponse(
      json({
        version: packageVersion(),
        uptime_secs: Math.floor((nowMs() - Date.parse(served.createdAt)) / 1000),
        running_processes: running.length,
        total_processes: served.processes.length,
      }),
    );
  });
  addProcesses(routes, context, machineOf);
  addOutput(routes, machineOf);
  addInput(routes, context, machineOf);
  addFiles(routes, context, machineOf);
  routes.refuse(`${base}/:rest{.+}`, () => {
    throw notOffered(
      "such call",
      "terminals, tunnels and desktops are not offered; use processes with standard input",
    );
  });
}

function addProcesses(routes: DoorRoutes, context: ServerContext, machineOf: MachineOf): void {
  const one = `${base}/processes/:process`;
  routes.post(
    `${base}/processes/run`,
    { summary: "Run a command to its end, as events", body: processSchema },
    async (c) => {
      const machine = machineOf(c);
      const body = check(processSchema, await readJson(c, context), "the body");
      return runEvents(machine, startProcess(machine, body, false));
    },
  );
  routes.post(`${base}/processes`, { summary: "Start a process", body: processSchema }, async (c) => {
    const machine = machineOf(c);
    const body = check(processSchema, await readJson(c, context), "the body");
    return toResponse(json(processInfo(startProcess(machine, body, body.stdin_mode === "pipe")), 201));
  });
  routes.get(`${base}/processes`, "List processes", (c) =>
    toResponse(json({ processes: machineOf(c).served.processes.map(processInfo) })),
  );
  routes.get(one, "Show a process", (c) => toResponse(json(processInfo(processOf(c, machineOf)))));
  routes.delete(one, "Kill a process", (c) => {
    processOf(c, machineOf).kill("SIGKILL");
    return toResponse(noContent());
  });
  routes.post(`${one}/signal`, { summary: "Signal a process", body: signalSchema }, async (c) => {
    const process = processOf(c, machineOf);
    const { signal } = check(signalSchema, await readJson(c, context), "the body");
    process.kill(signals.get(signal)!);
    return toResponse(json({ success: true }));
  });
}

function addOutput(routes: DoorRoutes, machineOf: MachineOf): void {
  const kinds: readonly (readonly [string, readonly OutputStream[]])[] = [
    ["stdout", ["stdout"]],
    ["stderr", ["stderr"]],
    ["output", both],
  ];
  for (const [name, streams] of kinds) {
    const path = `${base}/processes/:process/${name}`;
    routes.get(path, `Show ${name} as lines`, (c) => {
      const machine = machineOf(c);
      return outputOf(machine, findProcess(machine, param(c, "process")), streams);
    });
    routes.get(`${path}/follow`, `Follow ${name}, as events`, (c) => {
      const machine = machineOf(c);
      return followEvents(machine, findProcess(machine, param(c, "process")), streams);
    });
  }
}

function addInput(routes: DoorRoutes, { options, bodies }: ServerContext, machineOf: MachineOf): void {
  const path = `${base}/processes/:process/stdin`;
  routes.post(path, { summary: "Write to standard input", body: "bytes" }, async (c) => {
    const process = processOf(c, machineOf);
    await process.append(await readBody(c.req.raw, options.bodyBytes, bodies), false);
    return toResponse(noContent());
  });
  routes.post(`${path}/close`, "Close standard input", async (c) => {
    await processOf(c, machineOf).append(new Uint8Array(0), true);
    return toResponse(noContent());
  });
}

function addFiles(routes: DoorRoutes, { bodies }: ServerContext, machineOf: MachineOf): void {
  const path = (c: Context): string => check(pathSchema, c.req.query("path"), "path");
  routes.get(`${base}/files/list`, "List a folder", async (c) => {
    const entries = await machineOf(c).served.sandbox.files.list(path(c));
    const told = entries.map(({ name, type, sizeBytes }) => ({
      name,
      is_dir: type === "directory",
      size: sizeBytes,
    }));
    return toResponse(json({ path: path(c), entries: told }));
  });
  routes.get(`${base}/files`, "Read a file", async (c) => {
    const { sandbox } = machineOf(c).served;
    return toResponse(bytes(await sandbox.files.read(path(c), { maxBytes: fileBytesMost })));
  });
  routes.put(`${base}/files`, { summary: "Write a file", body: "bytes" }, async (c) => {
    const { sandbox } = machineOf(c).served;
    await sandbox.files.write(path(c), await readBody(c.req.raw, fileBytesMost, bodies));
    return toResponse(noContent());
  });
  routes.delete(`${base}/files`, "Remove a file", async (c) => {
    await machineOf(c).served.sandbox.files.remove(path(c));
    return toResponse(noContent());
  });
}

function processOf(c: Context, machineOf: MachineOf): ServedProcess {
  return findProcess(machineOf(c), param(c, "process"));
}
