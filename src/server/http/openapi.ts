import * as z from "zod";

import { packageVersion } from "../../base/package-version.ts";
import type { JsonObject, JsonValue } from "../../model/json.ts";
import type { Door } from "../door.ts";
import type { DescribedRoute } from "./door-routes.ts";
import { type Content, defaultQueueMs, queueMsMost, type Route, type RouteSpec } from "./route.ts";
import { SchemaParts } from "./schema-parts.ts";

/** What every error looks like. */
export const errorSchema: z.ZodType = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    hint: z.string().optional(),
    context: z.record(z.string(), z.unknown()).optional(),
  }),
});

/** The OpenAPI 3.1 document of a server with these doors. @param own the server's own routes */
export function openApiOfDoors(doors: readonly Door[], own: readonly DescribedRoute[]): JsonObject {
  const routes = doors.flatMap((door) => door.routes ?? []);
  return openApiOf(routes, [...own, ...doors.flatMap(({ described = [] }) => described)]);
}

/** The OpenAPI 3.1 document of routes. */
export function openApiOf(routes: readonly Route[], described: readonly DescribedRoute[] = []): JsonObject {
  const paths: Record<string, Record<string, JsonValue>> = {};
  const parts = new SchemaParts();
  for (const { spec } of routes)
    (paths[spec.path] ??= {})[spec.method.toLowerCase()] = operation(spec, parts);
  for (const route of described)
    (paths[route.path] ??= {})[route.method.toLowerCase()] = describedOperation(route, parts);
  return {
    openapi: "3.1.0",
    info: {
      title: "Sameseed",
      version: packageVersion(),
      description:
        "Reproducible rollouts and sandboxes. docs/server/native-api.md explains leases, idempotency keys, streams and the WebSocket.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: { Error: schemaOf(errorSchema), ...parts.all },
    },
  };
}

/** A schema of JSON, as OpenAPI 3.1 has it. */
export function schemaOf(schema: z.ZodType, io: "input" | "output" = "output"): JsonValue {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" }) as JsonObject;
  return rest;
}

function operation(spec: RouteSpec<never, never>, parts: SchemaParts): JsonObject {
  const answers = Object.entries(spec.answers).map(([status, content]): [string, JsonValue] => [
    status,
    {
      description: statusText(Number(status)),
      ...(content === null ? {} : { content: contentOf(content, parts) }),
    },
  ]);
  const failed = {
    description: "an error",
    content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
  };
  return {
    operationId: operationId(spec),
    tags: [spec.tag],
    summary: spec.summary,
    parameters: [...pathParameters(spec.path), ...queryParameters(spec.query), ...headerParameters(spec)],
    ...(spec.body === undefined ? {} : { requestBody: requestBody(spec.body, parts) }),
    responses: { ...Object.fromEntries(answers), default: failed },
  };
}

/** What its protocol answers is told by its own documents. */
function describedOperation(route: DescribedRoute, parts: SchemaParts): JsonObject {
  return {
    operationId: operationId(route),
    tags: [route.tag],
    summary: route.summary,
    parameters: pathParameters(route.path),
    ...(route.body === undefined ? {} : { requestBody: requestBody(route.body, parts) }),
    responses: { default: { description: "an answer in the protocol's shape" } },
  };
}

/** A name for generated clients: `post_v1_sandboxes_sandbox_run`. */
export function operationId({ method, path }: { readonly method: string; readonly path: string }): string {
  return `${method.toLowerCase()}${path.replaceAll(/[^a-z0-9]+/gi, "_").replace(/_$/, "")}`;
}

function pathParameters(path: string): JsonValue[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
}

function queryParameters(query: z.ZodType | undefined): JsonValue[] {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(query, "input") as {
    readonly properties?: Readonly<Record<string, JsonValue>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query",
    required: required.includes(name),
    schema,
  }));
}

function headerParameters({ once, queues, leased }: RouteSpec<never, never>): JsonValue[] {
  const header = (name: string, description: string, schema: JsonValue): JsonValue => ({
    name,
    in: "header",
    required: false,
    description,
    schema,
  });
  return [
    ...(once === undefined
      ? []
      : [
          header("Idempotency-Key", "the same key and request happen once", {
            type: "string",
            pattern: "^[\\x21-\\x7e]{1,200}$",
          }),
        ]),
    ...(leased === true
      ? [header("Sameseed-Lease", "the lease that owns what is opened", { type: "string" })]
      : []),
    ...(queues === true
      ? [
          header("Sameseed-Queue-Ms", "how long it may wait for room", {
            type: "integer",
            minimum: 0,
            maximum: queueMsMost,
            default: defaultQueueMs,
          }),
        ]
      : []),
  ];
}

function requestBody(body: z.ZodType | "bytes", parts: SchemaParts): JsonValue {
  const content =
    body === "bytes"
      ? { "application/octet-stream": { schema: { type: "string", format: "binary" } } }
      : { "application/json": { schema: parts.add(schemaOf(body, "input")) } };
  return { required: body === "bytes", content };
}

function contentOf(content: Content, parts: SchemaParts): JsonObject {
  if (typeof content === "string") return { [content]: { schema: { type: "string", format: "binary" } } };
  return { "application/json": { schema: parts.add(schemaOf(content)) } };
}

function statusText(status: number): string {
  return { 200: "done", 201: "opened", 204: "done, nothing to say" }[status] ?? "an answer";
}
