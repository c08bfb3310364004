import * as z from "zod";

import { isSameseedError } from "../../../base/error.ts";
import type { JsonObject, JsonValue } from "../../../model/json.ts";

const requestSchema = z.object({
  jsonrpc: z.literal("2.0"),
  id: z.union([z.string(), z.number(), z.null()]).optional(),
  method: z.string(),
  params: z.record(z.string(), z.json()).optional(),
});
const callSchema = z.object({ name: z.literal("step"), arguments: z.object({ action: z.json() }) });

const stepTool: JsonObject = {
  name: "step",
  description: "Take one action in the environment, and see what comes of it.",
  inputSchema: { type: "object", properties: { action: {} }, required: ["action"] },
};

/**
 * Answers a JSON-RPC request of MCP's: the environment as one tool.
 * @param step takes an action; undefined where there is no episode, over HTTP
 */
export async function answerTools(
  request: unknown,
  step: ((action: JsonValue) => Promise<JsonObject>) | undefined,
): Promise<JsonObject> {
  const parsed = requestSchema.safeParse(request);
  if (!parsed.success) return failure(null, -32_600, "this is no JSON-RPC 2.0 request");
  const { id = null, method, params = {} } = parsed.data;
  if (method === "tools/list") return { jsonrpc: "2.0", id, result: { tools: [stepTool] } };
  if (method !== "tools/call") return failure(id, -32_601, `there is no method ${method.slice(0, 40)}`);
  const call = callSchema.safeParse(params);
  if (!call.success) return failure(id, -32_602, "the one tool is step, with an action");
  if (step === undefined)
    return failure(id, -32_000, "an episode is played over the WebSocket: connect to ws");
  try {
    const data = await step(call.data.arguments.action);
    const text = JSON.stringify(data);
    return { jsonrpc: "2.0", id, result: { content: [{ type: "text", text }], data, isError: false } };
  } catch (error) {
    if (!isSameseedError(error)) throw error;
    return failure(id, -32_000, error.message);
  }
}

function failure(id: JsonValue, code: number, message: string): JsonObject {
  return { jsonrpc: "2.0", id, error: { code, message } };
}
