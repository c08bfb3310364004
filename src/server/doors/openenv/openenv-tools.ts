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
const sessionSchema = z.object({ session_id: z.string() });

const stepTool: JsonObject = {
  name: "step",
  description: "Take one action in the environment, and see what comes of it.",
  inputSchema: { type: "object", properties: { action: {} }, required: ["action"] },
};

/** How a request reaches an environment. */
export interface ToolsCaller {
  /** Takes an action in the environment of the connection, or of the session that is named. @returns undefined where there is none */
  readonly step: (action: JsonValue, session: string | undefined) => Promise<JsonObject | undefined>;
  /** Begins a session. @returns its identifier; undefined where none can begin */
  readonly create: (reset: JsonObject) => Promise<string | undefined>;
  /** Ends a session. @returns undefined where there is none; false where a connection still has it */
  readonly close: (session: string) => Promise<boolean | undefined>;
}

/** Answers a JSON-RPC request of MCP's: the environment as one tool, and sessions for requests without a connection. */
export async function answerTools(request: unknown, caller: ToolsCaller): Promise<JsonObject> {
  const parsed = requestSchema.safeParse(request);
  if (!parsed.success) return failure(null, -32_600, "this is no JSON-RPC 2.0 request");
  const { id = null, method, params = {} } = parsed.data;
  try {
    switch (method) {
      case "tools/list":
        return { jsonrpc: "2.0", id, result: { tools: [stepTool] } };
      case "tools/call":
        return await callTool(id, params, caller);
      case "openenv/session/create":
        return await createSession(id, params, caller);
      case "openenv/session/close":
        return await closeSession(id, params, caller);
      default:
        return failure(id, -32_601, `there is no method ${method.slice(0, 40)}`);
    }
  } catch (error) {
    if (!isSameseedError(error)) throw error;
    return failure(id, -32_000, error.message);
  }
}

async function callTool(id: JsonValue, params: JsonObject, { step }: ToolsCaller): Promise<JsonObject> {
  const call = callSchema.safeParse(params);
  if (!call.success) return failure(id, -32_602, "the one tool is step, with an action");
  const { success, data: named } = sessionSchema.safeParse(params);
  const data = await step(call.data.arguments.action, success ? named.session_id : undefined);
  if (data === undefined)
    return success
      ? failure(id, -32_602, `Unknown session_id: ${named.session_id.slice(0, 80)}`)
      : failure(id, -32_000, "name a session of openenv/session/create, or connect to ws");
  const text = JSON.stringify(data);
  return { jsonrpc: "2.0", id, result: { content: [{ type: "text", text }], data, isError: false } };
}

async function createSession(
  id: JsonValue,
  params: JsonObject,
  { create }: ToolsCaller,
): Promise<JsonObject> {
  const session = await create(params);
  if (session === undefined) return failure(id, -32_000, "there is no room for another session");
  return { jsonrpc: "2.0", id, result: { session_id: session } };
}

async function closeSession(id: JsonValue, params: JsonObject, { close }: ToolsCaller): Promise<JsonObject> {
  const named = sessionSchema.safeParse(params);
  if (!named.success) return failure(id, -32_602, "Invalid params - 'session_id' is required");
  const { session_id: session } = named.data;
  const closed = await close(session);
  if (closed === undefined) return failure(id, -32_602, `Unknown session_id: ${session.slice(0, 80)}`);
  const result = { session_id: session, closed, ...(closed ? {} : { closing: true }) };
  return { jsonrpc: "2.0", id, result };
}

function failure(id: JsonValue, code: number, message: string): JsonObject {
  return { jsonrpc: "2.0", id, error: { code, message } };
}
