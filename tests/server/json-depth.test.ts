/* JSON that is nested deeper than a stack is refused, and nothing falls over. */
import { afterAll, beforeAll, expect, it } from "vitest";

import { parseJson } from "../../src/server/http/parse-json.ts";
import { serve, type Served } from "./served.ts";

let served: Served;
beforeAll(async () => {
  served = await serve({ maxSandboxes: 4 });
});
afterAll(async () => await served[Symbol.asyncDispose]());

const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

it("is read to a depth of 256", () => {
  expect(parseJson(Buffer.from(nested(256)))).toHaveLength(1);
  expect(parseJson(Buffer.from(JSON.stringify("[".repeat(300))))).toHaveLength(300);
  for (const text of [nested(257), `{"a":${nested(256)}}`, nested(100_000)])
    expect(() => parseJson(Buffer.from(text))).toThrow("nested deeper than 256");
});

const deep = nested(5000);
it.each([
  ["/v1/runs", `{"env":"CartPole-v1","seeds":{"from":0,"count":1},"envArgs":{"x":${deep}}}`, 400],
  ["/mcp", `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"x":${deep}}}`, 400],
  ["/openenv/CartPole-v1/reset", `{"x":${deep}}`, 422],
  ["/sandboxes", `{"network":${deep}}`, 400],
  ["/rewards/slime", `{"prompt":"","response":"","label":${deep}}`, 422],
  ["/rewards/slime", JSON.stringify({ prompt: "", response: "", label: deep }), 422],
  ["/submit", JSON.stringify({ id: "a", completion: "", config: { provided_data: { test: deep } } }), 422],
])("is the client's mistake at %s", async (path, text, status) => {
  const answer = await served.call("POST", path, { body: Buffer.from(text) });
  expect(answer.status).toBe(status);
  expect(served.log.filter(({ event }) => event === "defect")).toEqual([]);
});
