/*
 * Theory of operation. A route is declared once, with the schemas of what it takes and gives. From that follow how a request
 * is read and refused, how its key makes it happen once, how its lease is kept alive, and what the OpenAPI document says.
 */
import type { Context, Hono } from "hono";
import * as z from "zod";

import { SameseedError } from "../../base/error.ts";
import type { ServerContext } from "../context.ts";
import type { Lease } from "../leases.ts";
import { parseJson } from "./parse-json.ts";
import { readBody } from "./read-body.ts";
import { type Reply, toResponse } from "./reply.ts";

/** Headers with which clients say how a request is meant. */
export const headerNames = {
  key: "idempotency-key",
  lease: "sameseed-lease",
  queueMs: "sameseed-queue-ms",
} as const;

/** How long a request waits for room where it does not say, and the longest it may say, in ms. */
export const defaultQueueMs = 10_000;
/** The longest a request may wait for room, in ms. */
export const queueMsMost = 300_000;

/** The most bytes of a body that says nothing. */
const idleBodyBytes = 1024;

/** What one kind of content is: a schema of JSON, or a media type. */
export type Content = z.ZodType | string;

/** A request as a handler has it. */
export interface Call<Q, B> {
  /** The values of the path's `{names}`. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Q;
  readonly body: B;
  /** The body's bytes. */
  readonly raw: Uint8Array;
  /** The lease it names. */
  readonly lease: Lease | undefined;
  /** Its idempotency key. */
  readonly key: string | undefined;
  /** How long it waits for room. */
  readonly queueMs: number;
  /** Fires when the client has gone, where nobody can ask for the answer again. */
  readonly signal: AbortSignal | undefined;
  readonly headers: Headers;
}

/** How a route is declared. */
export interface RouteSpec<Q, B> {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** With parameters in braces: `/v1/sandboxes/{sandbox}`. */
  readonly path: string;
  readonly tag: string;
  /** One line, for the reference. */
  readonly summary: string;
  readonly query?: z.ZodType<Q>;
  /** The body's schema; `bytes` for one that is not JSON. @default none */
  readonly body?: z.ZodType<B> | "bytes";
  /** The most bytes of the body. @default the server's */
  readonly bodyBytes?: number;
  /** `stored`: the answer is kept for its idempotency key. `own`: the handler sees to it. @default it takes no key */
  readonly once?: "stored" | "own";
  /** It may wait for room. */
  readonly queues?: boolean;
  /** It opens something that a lease may own. */
  readonly leased?: boolean;
  /** What it answers, by status. */
  readonly answers: Readonly<Record<number, Content | null>>;
  readonly handle: (call: Call<Q, B>) => Promise<Reply | Response> | Reply | Response;
}

/** A declared route. */
export interface Route {
  readonly spec: RouteSpec<never, never>;
  readonly answer: (c: Context, context: ServerContext) => Promise<Response>;
}

/** Declares a route. */
export function route<Q = undefined, B = undefined>(spec: RouteSpec<Q, B>): Route {
  return {
    spec: spec as unknown as RouteSpec<never, never>,
    answer: async (c, context) => await answer(spec, c, context),
  };
}

/** Adds routes to a door's app. */
export function addRoutes(app: Hono, context: ServerContext, routes: readonly Route[]): void {
  for (const { spec, answer: answerCall } of routes)
    app.on(spec.method, spec.path.replaceAll(/\{(\w+)\}/g, ":$1"), async (c) => await answerCall(c, context));
}

async function answer<Q, B>(spec: RouteSpec<Q, B>, c: Context, context: ServerContext): Promise<Response> {
  const { req } = c;
  const key = keyOf(spec, req.header(headerNames.key));
  // Clients send `{}` where nothing is asked for.
  const most = spec.body === undefined ? idleBodyBytes : (spec.bodyBytes ?? context.options.bodyBytes);
  const raw = await readBody(req.raw, most, context.bodies);
  const lease = leaseOf(spec, req.header(headerNames.lease), context);
  const release = lease?.hold();
  try {
    const call: Call<Q, B> = {
      params: req.param(),
      query: (spec.query === undefined ? undefined : check(spec.query, req.query(), "the query")) as Q,
      body: bodyOf(spec, raw),
      raw,
      lease,
      key,
      queueMs: queueMsOf(spec, req.header(headerNames.queueMs)),
      signal: key === undefined ? req.raw.signal : undefined,
      headers: req.raw.headers,
    };
    if (spec.once !== "stored") return finish(await spec.handle(call));
    const url = new URL(req.url);
    const scope = `${spec.method} ${url.pathname} ${lease?.id ?? ""}`;
    const request = Buffer.concat([Buffer.from(`${url.search}\0`), raw]);
    return toResponse(
      await context.once.run(scope, key, request, async () => {
        const reply = await spec.handle(call);
        if (reply instanceof Response)
          throw new SameseedError("internal", `${spec.path} gave no answer to keep`);
        return reply;
      }),
    );
  } finally {
    release?.();
  }
}

function finish(reply: Reply | Response): Response {
  return reply instanceof Response ? reply : toResponse(reply);
}

function keyOf<Q, B>({ once }: RouteSpec<Q, B>, key: string | undefined): string | undefined {
  if (once === undefined || key === undefined) return undefined;
  if (/^[\x21-\x7e]{1,200}$/.test(key)) return key;
  throw new SameseedError(
    "bad_argument",
    "an Idempotency-Key has 1 to 200 printable characters without spaces",
    {
      hint: "use a UUID",
    },
  );
}

function leaseOf<Q, B>(
  { leased }: RouteSpec<Q, B>,
  id: string | undefined,
  { leases }: ServerContext,
): Lease | undefined {
  return leased !== true || id === undefined ? undefined : leases.find(id);
}

function queueMsOf<Q, B>({ queues }: RouteSpec<Q, B>, text: string | undefined): number {
  if (queues !== true || text === undefined) return defaultQueueMs;
  const ms = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (ms <= queueMsMost) return ms;
  throw new SameseedError("bad_argument", `Sameseed-Queue-Ms is a whole number from 0 to ${queueMsMost}`);
}

function bodyOf<Q, B>({ body }: RouteSpec<Q, B>, raw: Uint8Array): B {
  if (body === undefined || body === "bytes") return undefined as B;
  return check(body, parseJson(raw), "the body");
}

/** Checks a value that a client sent. @throws `bad_argument`, with every issue in its context */
export function check<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, 20).map(({ path, message }) => ({
    path: path.map(String).join("."),
    message: message.slice(0, 500),
  }));
  const { path, message } = issues[0]!;
  throw new SameseedError(
    "bad_argument",
    `${what} ${path === "" ? "" : `(${path}) `}is not valid: ${message}`,
    {
      hint: "/openapi.json says what it takes",
      context: { issues },
    },
  );
}
