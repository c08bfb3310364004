import type { Context, Hono } from "hono";
import * as z from "zod";

import type { ServerContext } from "../../context.ts";
import { json, noContent, toResponse } from "../../http/reply.ts";
import { check, queueMsMost } from "../../http/route.ts";
import { param, patienceOf, readJson, workSignal } from "../door-work.ts";
import type { Machine, Machines } from "./machines.ts";
import { notOffered, protocolError } from "./protocol-errors.ts";
import type { Pools } from "./pools.ts";
import { machineRequest, type MachineRequest, machineSchema, poolSchema } from "./schemas.ts";
import { snapshotInfo, type Snapshots } from "./snapshots.ts";

/** How long a request waits for room where neither it nor its header says. */
const queueMs = 10_000;

/** What the routes work on. */
export interface Lifecycle {
  readonly context: ServerContext;
  readonly machines: Machines;
  readonly snapshots: Snapshots;
  readonly pools: Pools;
}

const updateSchema = z.object({
  name: z.string().nullish(),
  network: z.unknown().optional(),
  exposed_ports: z.array(z.unknown()).nullish(),
  allow_unauthenticated_access: z.boolean().nullish(),
  resources: z.unknown().optional(),
});
const snapshotSchema = z.object({ snapshot_type: z.string().nullish() });

/** Adds what is asked about sandboxes, below one prefix. */
export function addLifecycle(app: Hono, prefix: string, lifecycle: Lifecycle): void {
  const { context, machines } = lifecycle;
  const one = `${prefix}/sandboxes/:sandbox`;
  app.post(`${prefix}/sandboxes`, async (c) => {
    const machine = await create(c, lifecycle);
    return toResponse(json(machine.created(urlOf(c)), 201));
  });
  app.get(`${prefix}/sandboxes`, (c) =>
    toResponse(json({ sandboxes: machines.running.map((machine) => machine.info(urlOf(c))) })),
  );
  app.get(one, (c) => toResponse(json(machines.find(param(c, "sandbox")).info(urlOf(c)))));
  app.patch(one, async (c) => {
    const machine = machines.findRunning(param(c, "sandbox"));
    const body = check(updateSchema, await readJson(c, context), "the update");
    refuseUpdate(body);
    if (body.name != null)
      machines.rename(machine, check(machineSchema, { name: body.name }, "the update").name!);
    return toResponse(json(machine.info(urlOf(c))));
  });
  app.delete(one, async (c) => {
    const machine = machines.find(param(c, "sandbox"));
    machine.wasTerminated ||= machine.isRunning;
    await machine.served.close();
    return toResponse(noContent());
  });
  app.post(`${one}/copy`, async (c) => await copy(c, lifecycle));
  addSnapshots(app, prefix, lifecycle);
  addPools(app, prefix, lifecycle);
  for (const path of [
    `${one}/:rest{.+}`,
    `${prefix}/archived-sandboxes`,
    `${prefix}/archived-sandboxes/:rest{.+}`,
  ])
    app.all(path, () => {
      throw notOffered("such call", "suspend and resume, mounts, archives and kept logs are not offered");
    });
}

async function create(c: Context, { context, machines, snapshots }: Lifecycle): Promise<Machine> {
  const body = check(machineSchema, await readJson(c, context), "the body");
  const namespace = namespaceOf(c);
  if (body.snapshot_id == null) {
    const request = machineRequest(body);
    return await machines.create(request, namespace, patienceFor(c, context, request));
  }
  const snapshot = snapshots.find(body.snapshot_id, namespace);
  const request = machineRequest(body, snapshot.request);
  const origin = { files: snapshot.file, lineage: snapshot.lineage };
  return await machines.create(request, namespace, patienceFor(c, context, request), origin);
}

async function copy(c: Context, { context, machines }: Lifecycle): Promise<Response> {
  const source = machines.findRunning(param(c, "sandbox"));
  const times = check(z.coerce.number().int().min(1).max(100).default(1), c.req.query("times"), "times");
  const forks = await machines.copy(source, times, patienceFor(c, context));
  const sandboxes = forks.map((fork) => {
    if (fork.status === "fulfilled") return fork.value.created(urlOf(c));
    const { message } = JSON.parse(String(protocolError(fork.reason).body)) as { message: string };
    return { sandbox_id: "", status: "failed", reason: message };
  });
  const isWhole = forks.every(({ status }) => status === "fulfilled");
  return toResponse(json({ source_sandbox_id: source.id, sandboxes }, isWhole ? 200 : 422));
}

function addSnapshots(app: Hono, prefix: string, { context, machines, snapshots }: Lifecycle): void {
  const one = `${prefix}/snapshots/:snapshot`;
  app.post(`${prefix}/sandboxes/:sandbox/snapshot`, async (c) => {
    const { snapshot_type: type } = check(snapshotSchema, await readJson(c, context), "the body");
    const machine = machines.findRunning(param(c, "sandbox"));
    if (type != null && type !== "filesystem")
      throw notOffered(
        `snapshots of kind ${type.slice(0, 20)}`,
        "take one of the file system; processes are not kept",
      );
    const snapshot = await snapshots.take(machine, namespaceOf(c));
    return toResponse(json({ snapshot_id: snapshot.id, status: "completed" }, 202));
  });
  const list = (c: Context, of?: string): Response => {
    const found = snapshots
      .of(namespaceOf(c))
      .filter(({ sandboxId }) => of === undefined || sandboxId === of);
    return toResponse(json({ snapshots: found.map(snapshotInfo) }));
  };
  app.get(`${prefix}/sandboxes/:sandbox/snapshots`, (c) => list(c, machines.find(param(c, "sandbox")).id));
  app.get(`${prefix}/snapshots`, (c) => list(c));
  app.get(one, (c) => toResponse(json(snapshotInfo(snapshots.find(param(c, "snapshot"), namespaceOf(c))))));
  app.delete(one, async (c) => {
    await snapshots.delete(param(c, "snapshot"), namespaceOf(c));
    return toResponse(noContent());
  });
}

function addPools(app: Hono, prefix: string, { context, pools }: Lifecycle): void {
  const [all, one] = [`${prefix}/sandbox-pools`, `${prefix}/sandbox-pools/:pool`];
  const body = async (c: Context) => check(poolSchema, await readJson(c, context), "the body");
  app.post(all, async (c) => toResponse(json(pools.create(await body(c), namespaceOf(c)), 201)));
  app.get(all, () => toResponse(json({ pools: pools.list() })));
  app.get(one, (c) => toResponse(json(pools.show(param(c, "pool")))));
  app.put(one, async (c) => toResponse(json(pools.update(param(c, "pool"), await body(c)))));
  app.delete(one, (c) => {
    pools.delete(param(c, "pool"));
    return toResponse(noContent());
  });
  app.post(`${one}/sandboxes`, async (c) => {
    const { file_systems: mounts } = check(machineSchema, await readJson(c, context), "the body");
    if ((mounts ?? []).length > 0) throw notOffered("file systems to mount", "write the files");
    const machine = await pools.claim(param(c, "pool"), patienceFor(c, context));
    return toResponse(json(machine.created(urlOf(c)), 201));
  });
}

/** @throws what is not offered */
function refuseUpdate({
  network,
  exposed_ports: ports,
  resources,
  ...rest
}: z.infer<typeof updateSchema>): void {
  if (network != null) throw notOffered("network in its sandboxes", "leave network out");
  if ((ports ?? []).length > 0 || rest.allow_unauthenticated_access === true)
    throw notOffered("ports to expose", "speak to a process over its standard input and output");
  if (resources != null)
    throw notOffered("way to resize a sandbox", "take a snapshot, and create one with other resources");
}

function namespaceOf(c: Context): string {
  return c.req.param("namespace") ?? "default";
}

/** The server as this client reaches it: sandboxes have no addresses of their own. */
function urlOf(c: Context): string {
  return `http://${c.req.header("host") ?? "127.0.0.1"}`;
}

function patienceFor(
  c: Context,
  context: ServerContext,
  request?: MachineRequest,
): { readonly queueMs: number; readonly signal: AbortSignal } {
  const own =
    request?.pendingSecs === undefined ? queueMs : Math.min(queueMsMost, request.pendingSecs * 1000);
  return { queueMs: patienceOf(c, own), signal: workSignal(c, context) };
}
