import { constants } from "node:os";
import type { Context, Hono } from "hono";
import * as z from "zod";

import { nowMs } from "../../../base/clock.ts";
import { packageVersion } from "../../../base/package-version.ts";
import type { ServerContext } from "../../context.ts";
import { readBody } from "../../http/read-body.ts";
import { bytes, json, noContent, toResponse } from "../../http/reply.ts";
import { check } from "../../http/route.ts";
import { fileBytesMost } from "../../native/file-routes.ts";
import type { OutputStream } from "../../native/output-log.ts";
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
export function addSandboxCalls(app: Hono, context: ServerContext, machineOf: MachineOf): void {
  app.get(`${base}/health`, (c) => {
    machineOf(c);
    return toResponse(json({ healthy: true }));
  });
  app.get(`${base}/info`, (c) => {
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
  addProcesses(app, context, machineOf);
  addOutput(app, machineOf);
  addInput(app, context, machineOf);
  addFiles(app, machineOf);
  app.all(`${base}/:rest{.+}`, () => {
    throw notOffered(
      "such call",
      "terminals, tunnels and desktops are not offered; use processes with standard input",
    );
  });
}

function addProcesses(app: Hono, context: ServerContext, machineOf: MachineOf): void {
  const one = `${base}/processes/:process`;
  app.post(`${base}/processes/run`, async (c) => {
    const machine = machineOf(c);
    const body = check(processSchema, await readJson(c, context), "the body");
    return runEvents(machine, startProcess(machine, body, false));
  });
  app.post(`${base}/processes`, async (c) => {
    const machine = machineOf(c);
    const body = check(processSchema, await readJson(c, context), "the body");
    return toResponse(json(processInfo(startProcess(machine, body, body.stdin_mode === "pipe")), 201));
  });
  app.get(`${base}/processes`, (c) =>
    toResponse(json({ processes: machineOf(c).served.processes.map(processInfo) })),
  );
  app.get(one, (c) => toResponse(json(processInfo(processOf(c, machineOf)))));
  app.delete(one, (c) => {
    processOf(c, machineOf).kill("SIGKILL");
    return toResponse(noContent());
  });
  app.post(`${one}/signal`, async (c) => {
    const process = processOf(c, machineOf);
    const { signal } = check(signalSchema, await readJson(c, context), "the body");
    process.kill(signals.get(signal)!);
    return toResponse(json({ success: true }));
  });
}

function addOutput(app: Hono, machineOf: MachineOf): void {
  const kinds: readonly (readonly [string, readonly OutputStream[]])[] = [
    ["stdout", ["stdout"]],
    ["stderr", ["stderr"]],
    ["output", both],
  ];
  for (const [name, streams] of kinds) {
    const path = `${base}/processes/:process/${name}`;
    app.get(path, (c) => {
      const machine = machineOf(c);
      return outputOf(machine, findProcess(machine, param(c, "process")), streams);
    });
    app.get(`${path}/follow`, (c) => {
      const machine = machineOf(c);
      return followEvents(machine, findProcess(machine, param(c, "process")), streams);
    });
  }
}

function addInput(app: Hono, { options }: ServerContext, machineOf: MachineOf): void {
  const path = `${base}/processes/:process/stdin`;
  app.post(path, async (c) => {
    const process = processOf(c, machineOf);
    await process.append(await readBody(c.req.raw, options.bodyBytes), false);
    return toResponse(noContent());
  });
  app.post(`${path}/close`, async (c) => {
    await processOf(c, machineOf).append(new Uint8Array(0), true);
    return toResponse(noContent());
  });
}

function addFiles(app: Hono, machineOf: MachineOf): void {
  const path = (c: Context): string => check(pathSchema, c.req.query("path"), "path");
  app.get(`${base}/files/list`, async (c) => {
    const entries = await machineOf(c).served.sandbox.files.list(path(c));
    const told = entries.map(({ name, type, sizeBytes }) => ({
      name,
      is_dir: type === "directory",
      size: sizeBytes,
    }));
    return toResponse(json({ path: path(c), entries: told }));
  });
  app.get(`${base}/files`, async (c) => {
    const { sandbox } = machineOf(c).served;
    return toResponse(bytes(await sandbox.files.read(path(c), { maxBytes: fileBytesMost })));
  });
  app.put(`${base}/files`, async (c) => {
    const { sandbox } = machineOf(c).served;
    await sandbox.files.write(path(c), await readBody(c.req.raw, fileBytesMost));
    return toResponse(noContent());
  });
  app.delete(`${base}/files`, async (c) => {
    await machineOf(c).served.sandbox.files.remove(path(c));
    return toResponse(noContent());
  });
}

function processOf(c: Context, machineOf: MachineOf): ServedProcess {
  return findProcess(machineOf(c), param(c, "process"));
}
