/* Requests and messages that are right, one or more of each door's. None of them takes long. */
import type { ActionValue } from "../../../src/model/cbor/typed-value.ts";

/** JSON as text, or a map of canonical CBOR. */
export type Message = string | { readonly [name: string]: ActionValue };

const code = "print(1)";
const task = { id: "a", kind: "tests", tests: [{ input: "", output: "1" }] };

/** A request of HTTP, in its parts. */
export interface RequestParts {
  readonly method: string;
  readonly path: string;
  /** Whole lines. */
  readonly headers: string;
  readonly body: Buffer;
}

/** Requests of HTTP. @param sandbox one that is open */
export function doorRequests(sandbox: string): readonly RequestParts[] {
  const one = `/v1/sandboxes/${sandbox}`;
  const item = { completion: "```python\nprint(1)\n```", task };
  const tensor = `Tensorlake-Unused: 1\r\nX-Tensorlake-Sandbox-Id: aaaaaaaaaaaaaaaaaaaaa\r\n`;
  const all: readonly (readonly [method: string, path: string, body?: unknown, headers?: string])[] = [
    ["GET", "/healthz"],
    ["GET", "/readyz"],
    ["GET", "/openapi.json"],
    ["HEAD", "/v1/images"],
    ["POST", "/v1/leases", { ttlMs: 500 }],
    ["POST", "/v1/leases/ls_x/heartbeat"],
    ["POST", "/v1/sandboxes", { memoryMb: 64, timeoutMs: 1000 }, "Idempotency-Key: a\r\n"],
    ["GET", "/v1/sandboxes"],
    ["GET", one],
    ["POST", `${one}/run`, { command: "true", args: ["x"], env: { A: "b" }, timeoutMs: 500 }],
    ["POST", `${one}/run`, { command: "true" }, "Accept: application/vnd.sameseed.output\r\n"],
    ["POST", `${one}/processes`, { command: "true", input: "x" }],
    ["GET", `${one}/processes/p1?waitMs=10`],
    ["GET", `${one}/processes/p1/output?from=0`],
    ["POST", `${one}/processes/p1/stdin?from=0&close=true`, "bytes"],
    ["POST", `${one}/processes/p1/signal`, { signal: "SIGTERM" }],
    ["PUT", `${one}/files?path=a/b&mode=644`, "bytes"],
    ["GET", `${one}/files?path=a/b`],
    ["GET", `${one}/files/list?path=/tmp`],
    ["DELETE", `${one}/files?path=a&recursive=true`],
    ["POST", `${one}/fork`, { count: 1 }, "Sameseed-Queue-Ms: 0\r\n"],
    ["POST", "/v1/runs", { env: "CartPole-v1", seeds: { from: 0, count: 1 }, maxSteps: 1 }],
    ["GET", "/v1/runs/run_x/results?from=0&follow=true"],
    ["POST", "/v1/scores", { items: [item] }],
    ["POST", "/v1/audits", { env: "CartPole-v1", seeds: [1], maxSteps: 1 }, "Sameseed-Queue-Ms: 0\r\n"],
    ["POST", "/run_code", { code, language: "python", run_timeout: 1, stdin: "x", files: { a: "eA==" } }],
    ["POST", "/run_jupyter", { cells: [code], kernel: "python3", total_timeout: 1, cell_timeout: 1 }],
    ["POST", "/submit", { dataset: "x", id: 1, completion: code, config: { provided_data: { test: [] } } }],
    ["POST", "/test_program", { program: code, tests: ["assert True"], max_execution_time: 1 }],
    ["POST", "/rewards/slime", { prompt: "p", response: item.completion, label: JSON.stringify(task) }],
    ["POST", "/rewards/openrlhf", { query: ["q"], prompts: ["p"], labels: [JSON.stringify(task)] }],
    ["POST", "/reset", { seed: 1 }],
    ["POST", "/step", { action: { action: 0 } }],
    ["GET", "/openenv/CartPole-v1/metadata"],
    ["GET", "/openenv/CartPole-v1/schema"],
    ["POST", "/mcp", { jsonrpc: "2.0", id: 1, method: "tools/list" }],
    [
      "POST",
      "/openenv/CartPole-v1/mcp",
      { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "step" } },
    ],
    ["POST", "/sandboxes", { resources: { memory_mb: 64 }, timeout_secs: 0.5 }],
    ["GET", "/v1/namespaces/default/sandboxes"],
    ["POST", "/sandbox-pools", { max_containers: 1 }],
    ["POST", "/api/v1/processes/run", { command: "true" }, tensor],
    ["GET", "/api/v1/processes/1/output", undefined, tensor],
    ["PUT", "/api/v1/files?path=/tmp/a", "bytes", tensor],
  ];
  return all.map(([method, path, body, headers = ""]) => {
    const text = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body);
    return { method, path, headers, body: Buffer.from(text) };
  });
}

/** A request's bytes. */
export function requestBytes({ method, path, headers, body }: RequestParts): Buffer {
  const length = body.length === 0 ? "" : `Content-Length: ${body.length}\r\n`;
  const head = `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${headers}${length}\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), body]);
}

const config = { env: "CartPole-v1", seed: 1 };

/** Messages of a WebSocket. */
export function messagesOf(path: string): readonly Message[] {
  if (path.startsWith("/v1")) return native;
  return openEnv;
}

const native: readonly Message[] = [
  { id: 1, op: "heartbeat" },
  { id: 2, op: "open", key: "k", config, queueMs: 0 },
  { id: 3, op: "step", rollout: "ro_x", seq: 1, action: 1 },
  { id: 4, op: "open_vector", key: "v", config: { env: "CartPole-v1", count: 2, seeds: 0 }, queueMs: 0 },
  { id: 5, op: "step_vector", vector: "ve_x", seq: 1, actions: [0, 1] },
  { id: 6, op: "branch", rollout: "ro_x", seq: 1, count: 2 },
  { id: 7, op: "open", key: "s", config: { snapshot: "{}" } },
  { id: 8, op: "close", rollout: "ro_x", seq: 1, trajectory: true },
];

const openEnv: readonly Message[] = [
  { type: "reset", data: { seed: 1, maxSteps: 2 } },
  { type: "step", data: { action: 0 } },
  { type: "state" },
  { type: "mcp", data: { jsonrpc: "2.0", id: 1, method: "tools/list" } },
  { type: "close" },
].map((message) => JSON.stringify(message));
