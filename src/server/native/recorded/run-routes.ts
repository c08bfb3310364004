import * as z from "zod";

import { SameseedError } from "../../../base/error.ts";
import { RunReader } from "../../../store/run-reader.ts";
import { replayRollout } from "../../../verify/replay-rollout.ts";
import { verifyRun } from "../../../verify/verify-run.ts";
import type { ServerContext } from "../../context.ts";
import { bytes, json } from "../../http/reply.ts";
import { type Route, route } from "../../http/route.ts";
import { linesOf } from "../ndjson.ts";
import { withRoom } from "../with-room.ts";
import { recordedProgress } from "./recorded-progress.ts";
import { roomFor, runSchema } from "./run-request.ts";
import type { Runs } from "./runs.ts";

const tag = "runs";
const one = "/v1/runs/{run}";
const document = z.record(z.string(), z.unknown());
const progressSchema = z.object({
  run: z.string(),
  state: z.enum(["running", "ended", "failed"]),
  total: z.int(),
  recorded: z.int(),
  error: document.nullable(),
});
const shownSchema = progressSchema.extend({ manifest: document.nullable(), statistics: document.nullable() });
const seedParameter = z.coerce.number().int().min(0);

/** Runs: rollouts of one spec under many seeds, recorded on the server. */
export function runRoutes(context: ServerContext, runs: Runs): readonly Route[] {
  return [...startRoutes(runs), ...readRoutes(runs), ...checkRoutes(context, runs)];
}

function startRoutes(runs: Runs): readonly Route[] {
  const begin = (path: string, summary: string) =>
    ({
      method: "POST",
      path,
      tag,
      summary,
      once: "stored",
      queues: true,
      leased: true,
      answers: { 201: progressSchema },
    }) as const;
  return [
    route({
      ...begin("/v1/runs", "Begin a run; it ends with its lease unless it is detached"),
      body: runSchema,
      handle: async ({ body, lease, queueMs, signal }) =>
        json((await runs.start(body, lease, { queueMs, signal })).progress, 201),
    }),
    route({
      ...begin(`${one}/resume`, "Go on with a run that was cut short"),
      handle: async ({ params, lease, queueMs, signal }) =>
        json(await runs.resume(params["run"]!, lease, { queueMs, signal }), 201),
    }),
    route({
      method: "POST",
      path: `${one}/cancel`,
      tag,
      summary: "End a run; what is recorded stays",
      once: "stored",
      answers: { 200: progressSchema },
      handle: async ({ params }) => {
        const run = runs.find(params["run"]!);
        if (run === undefined) throw new SameseedError("bad_argument", "the run is not being recorded");
        await run.stop();
        return json(run.progress);
      },
    }),
  ];
}

function readRoutes(runs: Runs): readonly Route[] {
  return [
    route({
      method: "GET",
      path: "/v1/runs",
      tag,
      summary: "List runs",
      answers: { 200: z.object({ runs: z.array(z.object({ run: z.string(), state: z.string() })) }) },
      handle: () => json({ runs: runs.ids.map((run) => ({ run, state: runs.stateOf(run) })) }),
    }),
    route({
      method: "GET",
      path: one,
      tag,
      summary: "Show a run: how far it is, what it is, its figures",
      answers: { 200: shownSchema },
      handle: async ({ params }) => json(await show(runs, params["run"]!)),
    }),
    resultsRoute(runs),
    route({
      method: "GET",
      path: `${one}/rollouts/{seed}`,
      tag,
      summary: "Show one rollout's result, by its seed",
      answers: { 200: document },
      handle: async ({ params }) => {
        const seed = seedOf(params["seed"]!);
        using reader = await RunReader.open(runs.recorded(params["run"]!));
        return json(reader.row(seed));
      },
    }),
    route({
      method: "GET",
      path: `${one}/trajectories/{digest}`,
      tag,
      summary: "Read a rollout's recorded bytes, by the digest of its result",
      answers: { 200: "application/octet-stream" },
      handle: async ({ params }) => {
        const digest = params["digest"]!;
        using reader = await RunReader.open(runs.recorded(params["run"]!));
        for (const row of reader.rows())
          if (row.digest === digest)
            return bytes(reader.trajectory(row.seed), {
              etag: `"${digest}"`,
              "cache-control": "private, immutable",
            });
        throw new SameseedError("run_missing", `the run has no trajectory ${digest.slice(0, 80)}`);
      },
    }),
  ];
}

function resultsRoute(runs: Runs): Route {
  return route({
    method: "GET",
    path: `${one}/results`,
    tag,
    summary: "Read results as NDJSON, from an index on, in the order in which they were recorded",
    query: z.strictObject({
      from: z.coerce.number().int().min(0).default(0),
      follow: z.enum(["true", "false"]).default("false"),
    }),
    answers: { 200: "application/x-ndjson" },
    handle: async ({ params, query }) => {
      const id = params["run"]!;
      const run = runs.find(id);
      const follow = query.follow === "true";
      if (run === undefined) return linesOf(recordedResults(runs.recorded(id), id, query.from));
      await run.opened;
      return linesOf(
        (async function* () {
          yield* run.results(query.from, follow);
          if (run.isEnded) yield { end: run.progress };
        })(),
        run.hold(),
      );
    },
  });
}

async function* recordedResults(
  folder: string,
  id: string,
  from: number,
): AsyncGenerator<unknown, void, undefined> {
  using reader = await RunReader.open(folder);
  const order = reader.recordedOrder();
  for (let index = from; index < order.length; index++) yield { index, rollout: reader.row(order[index]!) };
  const missing = [...reader.missing()].length;
  yield { end: recordedProgress(id, { rollouts: order.length, missing }) };
}

function checkRoutes(context: ServerContext, runs: Runs): readonly Route[] {
  return [
    route({
      method: "POST",
      path: `${one}/verify`,
      tag,
      summary: "Run every recorded rollout again and compare the bytes",
      body: z.strictObject({ deep: z.boolean().optional(), concurrency: z.int().min(1).max(512).optional() }),
      once: "stored",
      queues: true,
      answers: { 200: document },
      handle: async ({ params, body, queueMs, signal }) => {
        const folder = runs.recorded(params["run"]!);
        const each = await recordedSandboxes(folder);
        const { many, sandboxes } = roomFor(body.concurrency, each, context.slots.total);
        return json(
          await withRoom(
            context,
            sandboxes,
            { queueMs, signal },
            async (ending) =>
              await verifyRun(folder, { concurrency: many, signal: ending, deep: body.deep ?? false }),
          ),
        );
      },
    }),
    route({
      method: "POST",
      path: `${one}/rollouts/{seed}/replay`,
      tag,
      summary: "Feed a rollout's recorded actions to its environment again and compare the bytes",
      once: "stored",
      queues: true,
      answers: { 200: document },
      handle: async ({ params, queueMs, signal }) => {
        const folder = runs.recorded(params["run"]!);
        const seed = seedOf(params["seed"]!);
        return json(
          await withRoom(
            context,
            1,
            { queueMs, signal },
            async (ending) => await replayRollout(folder, seed, { signal: ending }),
          ),
        );
      },
    }),
  ];
}

/** How many sandboxes one of its rollouts takes when it is run again: its own, and one for each policy that is source. */
async function recordedSandboxes(folder: string): Promise<number> {
  using reader = await RunReader.open(folder);
  return 1 + reader.manifest.spec.seats.filter(({ policy }) => policy.kind === "source").length;
}

async function show(runs: Runs, id: string): Promise<z.infer<typeof shownSchema>> {
  const run = runs.find(id);
  await run?.opened;
  try {
    using reader = await RunReader.open(runs.folder(id));
    const statistics = reader.statistics();
    const progress = run?.progress ?? recordedProgress(id, statistics);
    return { ...progress, manifest: { ...reader.manifest }, statistics: { ...statistics } };
  } catch (error) {
    // Nothing was recorded, and no folder is left: how it failed is all there is.
    if (run === undefined) throw error;
    return { ...run.progress, manifest: null, statistics: null };
  }
}

function seedOf(text: string): number {
  const parsed = seedParameter.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new SameseedError("bad_argument", `${text.slice(0, 40)} is not a seed`);
}
