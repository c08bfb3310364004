import * as z from "zod";

import { evaluateMatchup } from "../../evaluate/matchup/evaluate-matchup.ts";
import { scoreCompletions } from "../../judge/score-completions.ts";
import { limitsSchema, maxLimitMs } from "../../model/limits.ts";
import { worldModeSchema } from "../../model/rollout-schema.ts";
import type { ScoreItem } from "../../model/score.ts";
import { seedSchema } from "../../model/seed.ts";
import { auditEnvironment } from "../../verify/audit/audit-environment.ts";
import type { ServerContext } from "../context.ts";
import { json } from "../http/reply.ts";
import { type Route, route } from "../http/route.ts";
import { checkKnownImage, imageNameSchema } from "./known-image.ts";
import {
  nameOf,
  policiesSchema,
  type PolicyRequest,
  policySchema,
  rolloutFields,
  type RolloutRequest,
  sdkOptions,
  sdkPolicy,
  withEnvironment,
} from "./rollout-request.ts";
import { roomFor, sandboxesOf } from "./recorded/run-request.ts";
import { withRoom } from "./with-room.ts";

const document = z.record(z.string(), z.unknown());
const concurrency = z.int().min(1).max(512).optional();
/** Long work: its answer is kept for its key, so that a broken connection loses nothing. */
const long = { method: "POST", once: "stored", queues: true, answers: { 200: document } } as const;

/** Audits, matchups and scores: questions with one answer. */
export function evaluationRoutes(context: ServerContext): readonly Route[] {
  return [auditRoute(context), matchupRoute(context), scoreRoute(context)];
}

interface AuditRequest extends RolloutRequest {
  readonly policy?: PolicyRequest | PolicyRequest[];
  readonly seeds?: number[];
  readonly concurrency?: number;
}

const { backend: _backend, ...auditedFields } = rolloutFields;
const auditSchema = z.strictObject({
  ...auditedFields,
  policy: policiesSchema.optional(),
  seeds: z.array(seedSchema).min(1).max(1000).optional(),
  concurrency,
}) as unknown as z.ZodType<AuditRequest>;

function auditRoute(context: ServerContext): Route {
  return route({
    ...long,
    path: "/v1/audits",
    tag: "evaluations",
    summary: "Find out whether an environment depends on anything but its seed and actions, and where",
    body: auditSchema,
    handle: async ({ body, queueMs, signal }) => {
      const { env, policy, seeds } = body;
      const { many, sandboxes } = roomFor(body.concurrency, sandboxesOf(policy), context.slots.total);
      const options = {
        ...sdkOptions(body),
        ...(policy === undefined ? {} : { policy: sdkPolicy(policy) }),
        ...(seeds === undefined ? {} : { seeds }),
        concurrency: many,
      };
      const report = await withRoom(
        context,
        sandboxes,
        { queueMs, signal },
        async (ending) =>
          await withEnvironment(
            env,
            async (envName) => await auditEnvironment({ ...options, envName, signal: ending }),
          ),
      );
      return json({ ...report, env: nameOf(env) });
    },
  });
}

const player = policySchema(["random", "greedy", "minimax"]);
const matchupSchema = z.strictObject({
  policyX: player,
  policyO: player,
  env: z
    .string()
    .regex(/^(?:tictactoe|connect_four|pettingzoo:[a-z0-9_]+)$/)
    .optional(),
  seeds: z.array(seedSchema).min(1).max(100_000),
  nGames: z.int().min(1).max(10_000_000).optional(),
  swap: z.boolean().optional(),
  mode: z.enum(["keep", "restart"]).optional(),
  image: imageNameSchema.optional(),
  backend: z.enum(["zygote", "cold"]).optional(),
  world: worldModeSchema.optional(),
  limits: limitsSchema.optional(),
  clocks: z
    .strictObject({
      moveCpuMs: z.int().min(1).max(maxLimitMs).optional(),
      bankCpuMs: z.int().min(1).max(maxLimitMs).optional(),
      moveWallMs: z.int().min(1).max(maxLimitMs).optional(),
    })
    .optional(),
  maxSteps: z.int().min(1).optional(),
  anytime: z.boolean().optional(),
  exact: z.boolean().optional(),
  concurrency,
});

/** Sandboxes of one game: the referee, and a policy at each of two seats. */
const gameSandboxes = 3;

function matchupRoute(context: ServerContext): Route {
  return route({
    ...long,
    path: "/v1/matchups",
    tag: "evaluations",
    summary: "Play two policies against each other and report the mean return with its interval",
    body: matchupSchema,
    handle: async ({ body, queueMs, signal }) => {
      if (body.image !== undefined) checkKnownImage(body.image);
      const { many, sandboxes } = roomFor(body.concurrency, gameSandboxes, context.slots.total);
      const result = await withRoom(
        context,
        sandboxes,
        { queueMs, signal },
        async (ending) =>
          await evaluateMatchup({
            ...(body as Parameters<typeof evaluateMatchup>[0]),
            concurrency: many,
            trajectories: false,
            signal: ending,
          }),
      );
      const bySeed = result.bySeed.map((seed) => ({ ...seed, trajectory: undefined }));
      return json({ ...result, bySeed });
    },
  });
}

const scoreSchema = z.strictObject({
  items: z
    .array(z.looseObject({ task: z.looseObject({ image: imageNameSchema.optional() }) }))
    .min(1)
    .max(100_000),
  concurrency,
});

/** Sandboxes of one test: the solution's, and one for a judge, a checker or a generator. */
const testSandboxes = 2;

function scoreRoute(context: ServerContext): Route {
  return route({
    ...long,
    path: "/v1/scores",
    tag: "evaluations",
    summary:
      "Score completions against tasks, every test in a fresh sandbox; results in the order of the items",
    body: scoreSchema,
    handle: async ({ body, queueMs, signal }) => {
      const { many, sandboxes } = roomFor(body.concurrency, testSandboxes, context.slots.total);
      const items = body.items as unknown as ScoreItem[];
      const results = await withRoom(
        context,
        sandboxes,
        { queueMs, signal },
        async (ending) => await scoreCompletions({ items, concurrency: many, signal: ending }).results(),
      );
      return json({ results });
    },
  });
}
