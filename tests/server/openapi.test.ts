/* The OpenAPI document is of the routes that there are, and their answers are of its schemas. */
import { afterAll, beforeAll, expect, it } from "vitest";
import * as z from "zod";

import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { doors } from "../../src/server/doors.ts";
import { errorSchema } from "../../src/server/http/openapi.ts";
import type { Route } from "../../src/server/http/route.ts";
import { nativeRoutes } from "../../src/server/native/native-door.ts";
import { Runs } from "../../src/server/native/recorded/runs.ts";
import { type Answer, type CallOptions, serve, type Served } from "./served.ts";

let served: Served;
let routes: readonly Route[];
beforeAll(async () => {
  served = await serve({ maxSandboxes: 12 });
  routes = nativeRoutes(served.server.context, new Runs(served.server.context));
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  await closeSandboxes();
});

const nameOf = (method: string, path: string): string => `${method.toUpperCase()} ${path}`;

it("has exactly the routes that the server has, of every door", async () => {
  const { json } = await served.call("GET", "/openapi.json");
  expect(json.openapi).toBe("3.1.0");
  const described = Object.entries(json.paths as Record<string, object>).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => nameOf(method, path)),
  );
  const made = doors.map((make) => make(served.server.context));
  // What answers whatever the method only tells that something is not offered: see below.
  const mounted = made
    .flatMap(({ app }) => app.routes)
    .filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => nameOf(method, path.replaceAll(/:(\w+)/g, "{$1}")));
  const own = ["GET /healthz", "GET /readyz", "GET /metrics", "GET /openapi.json"];
  expect(described.toSorted()).toEqual([...own, ...mounted].toSorted());
  expect(new Set(mounted).size).toBe(mounted.length);
  const operations = Object.values(
    json.paths as Record<string, Record<string, { operationId: string; tags: string[]; summary: string }>>,
  ).flatMap((all) => Object.values(all));
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  expect(operations.every(({ summary }) => /^[A-Z].*[^.]$/.test(summary))).toBe(true);
  const tags = new Set(operations.flatMap((each) => each.tags));
  for (const tag of ["server", "SandboxFusion", "rewards", "OpenEnv", "Tensorlake"])
    expect(tags).toContain(tag);
});

it("refers to nothing that it does not have", async () => {
  const { json } = await served.call("GET", "/openapi.json");
  const references: string[] = [];
  JSON.stringify(json, (key, value: unknown) => {
    if (key === "$ref") references.push(value as string);
    expect(key).not.toBe("$defs");
    return value;
  });
  expect(new Set(references).size).toBeGreaterThan(1);
  for (const reference of new Set(references)) {
    const [root, ...path] = reference.split("/");
    // eslint-disable-next-line typescript/no-unsafe-return, typescript/no-unsafe-member-access
    const found: unknown = path.reduce((value, name) => value?.[name], json);
    expect([root, typeof found], reference).toEqual(["#", "object"]);
    expect(path.length, reference).toBeGreaterThan(0);
  }
});

it("leaves out only what is refused", async () => {
  const refusing = doors
    .flatMap((make) => make(served.server.context).app.routes)
    .filter(({ method }) => method === "ALL")
    .map(({ path }) => path.replaceAll(/:\w+(\{[^}]*\})?/g, "x"));
  expect(refusing.length).toBeGreaterThan(3);
  for (const path of refusing) {
    const { status, json } = await served.call("POST", path, { body: {} });
    expect([path, status, json.code]).toEqual([path, 501, "NOT_OFFERED"]);
  }
});

/** Every route once or more: its status is described, and what it answers is of the schema. */
it("describes what every route answers", async () => {
  const called = new Set<string>();
  const call = async (method: string, path: string, options: CallOptions = {}): Promise<Answer> => {
    const answer = await served.call(method, path, options);
    called.add(checkAnswer(method, path, answer));
    return answer;
  };
  const lease = (await call("POST", "/v1/leases", { body: {} })).json.lease as string;
  await call("POST", `/v1/leases/${lease}/heartbeat`);
  await call("GET", "/v1/images");
  await call("GET", "/v1/images/gymnasium");
  await call("GET", "/v1/images/nobody");
  await callSandbox(call);
  await callRun(call);
  await call("POST", "/v1/audits", { body: { env: "CartPole-v1", maxSteps: 2 } });
  const game = { policyX: "random", policyO: "random", seeds: [1], nGames: 2 };
  await call("POST", "/v1/matchups", { body: game });
  const task = { id: "a", kind: "stdio", tests: [{ input: "", output: "1" }] };
  await call("POST", "/v1/scores", { body: { items: [{ completion: "```python\nprint(1)\n```", task }] } });
  await call("DELETE", `/v1/leases/${lease}`);
  expect([...called].toSorted()).toEqual(routes.map(({ spec }) => nameOf(spec.method, spec.path)).toSorted());
});

type Caller = (method: string, path: string, options?: CallOptions) => Promise<Answer>;

async function callSandbox(call: Caller): Promise<void> {
  const sandbox = (await call("POST", "/v1/sandboxes", { body: { env: { A: "b" } } })).json.sandbox as string;
  const path = `/v1/sandboxes/${sandbox}`;
  await call("GET", "/v1/sandboxes");
  await call("GET", path);
  await call("POST", `${path}/run`, { body: { command: "echo", args: ["a"] } });
  await call("POST", `${path}/run`, { body: { command: "nothing-of-that-name" } });
  await call("POST", `${path}/processes`, { body: { command: "cat" } });
  const one = `${path}/processes/p3`;
  await call("GET", `${path}/processes`);
  await call("POST", `${one}/stdin?from=0`, { body: Buffer.from("a") });
  await call("POST", `${one}/signal`, { body: {} });
  await call("GET", `${one}?waitMs=5000`);
  for (const output of ["output", "stdout", "stderr"]) await call("GET", `${one}/${output}`);
  await call("PUT", `${path}/files?path=a`, { body: Buffer.from("a") });
  await call("GET", `${path}/files?path=a`);
  await call("GET", `${path}/files?path=none`);
  await call("GET", `${path}/files/list?path=/tmp`);
  await call("DELETE", `${path}/files?path=a`);
  await call("POST", `${path}/fork`);
  await call("POST", `/sandboxes/${sandbox}/fork`);
  await call("DELETE", path);
}

async function callRun(call: Caller): Promise<void> {
  const body = { env: "CartPole-v1", maxSteps: 2, seeds: [1, 2] };
  const { run } = (await call("POST", "/v1/runs", { body })).json;
  const path = `/v1/runs/${run}`;
  const results = await call("GET", `${path}/results?follow=true`);
  const [first] = results.bytes.toString().split("\n");
  const { digest } = (JSON.parse(first!) as { rollout: { digest: string } }).rollout;
  await call("GET", "/v1/runs");
  await call("GET", path);
  await call("GET", `${path}/rollouts/1`);
  await call("GET", `${path}/trajectories/${digest}`);
  await call("POST", `${path}/verify`);
  await call("POST", `${path}/rollouts/1/replay`);
  await call("POST", `${path}/resume`);
  await call("POST", `${path}/cancel`);
}

/** @returns the route that was called */
function checkAnswer(method: string, path: string, { status, headers, json }: Answer): string {
  const [plain] = path.split("?");
  const { spec } = routes.find((route) => route.spec.method === method && matches(route.spec.path, plain!))!;
  const name = nameOf(method, spec.path);
  if (status >= 400) {
    expect(z.safeParse(errorSchema, json).error).toBeUndefined();
    return name;
  }
  const content = spec.answers[status];
  expect([name, status, content === undefined]).toEqual([name, status, false]);
  if (content === null) expect(headers["content-type"]).toBeUndefined();
  else if (typeof content === "string") expect(headers["content-type"]).toBe(content);
  else expect([name, content!.safeParse(json).error]).toEqual([name, undefined]);
  return name;
}

function matches(pattern: string, path: string): boolean {
  return new RegExp(`^${pattern.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(path);
}
