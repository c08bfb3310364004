import { type Context, Hono } from "hono";

import { SameseedError } from "../../../base/error.ts";
import type { WorldMode } from "../../../model/receipt.ts";
import type { ServerContext } from "../../context.ts";
import type { Door } from "../../door.ts";
import { type Reply, json, toResponse } from "../../http/reply.ts";
import { check } from "../../http/route.ts";
import { patienceOf, readJson, scoreWithinRoom, workSignal } from "../door-work.ts";
import { protocolError } from "./protocol-errors.ts";
import { runAndFetch, runCells } from "./run-in-sandbox.ts";
import { runProgram } from "./run-program.ts";
import {
  type RunCodeRequest,
  runCodeResponse,
  runCodeSchema,
  runJupyterSchema,
  submitSchema,
} from "./schemas.ts";
import { submitItem, submitResponse } from "./submit.ts";

/** How long clients wait beyond a program's own time: those that send a compile time-out 10 s more, the others 2 s. */
const patientMs = 8000;
const impatientMs = 1000;

/** Languages that the default image can run. */
const languages: ReadonlySet<string> = new Set(["python"]);

/**
 * SandboxFusion's protocol: `/run_code`, `/run_jupyter`, `/submit` with the tests in the request, `/v1/ping`. Below `/sealed`
 * the same with a sealed world, where the same program writes the same bytes every time.
 */
export function makeSandboxFusionDoor(context: ServerContext): Door {
  const app = new Hono();
  app.onError((error) => toResponse(protocolError(error)));
  app.get("/v1/ping", () => toResponse(json("pong")));
  for (const [prefix, world] of [
    ["", "host"],
    ["/sealed", "sealed"],
  ] as const) {
    app.post(`${prefix}/run_code`, async (c) => toResponse(await runCode(c, context, world)));
    app.post(`${prefix}/run_jupyter`, async (c) => toResponse(await runJupyter(c, context, world)));
  }
  app.post("/submit", async (c) => toResponse(await submit(c, context)));
  return { name: "sandbox-fusion", app };
}

async function runCode(c: Context, context: ServerContext, world: WorldMode): Promise<Reply> {
  const given = await readJson(c, context);
  const request = check(runCodeSchema, given, "the body");
  refuseLanguage(request.language);
  const isPatient = typeof given === "object" && given !== null && "compile_timeout" in given;
  const signal = workSignal(c, context);
  const queueMs = patienceOf(c, isPatient ? patientMs : impatientMs);
  const release = await context.slots.acquire(1, { queueMs, signal });
  try {
    return json(await runRequest(request, { world, signal }));
  } finally {
    release();
  }
}

async function runRequest(
  request: RunCodeRequest,
  place: { readonly world: WorldMode; readonly signal: AbortSignal },
): Promise<unknown> {
  if (request.fetch_files.length === 0 && request.args.length === 0)
    return runCodeResponse(await runProgram(request, place));
  const { result, files } = await runAndFetch(request, place);
  return runCodeResponse(result, files);
}

async function runJupyter(c: Context, context: ServerContext, world: WorldMode): Promise<Reply> {
  const request = check(runJupyterSchema, await readJson(c, context), "the body");
  if (request.kernel !== "python3")
    throw new SameseedError("bad_argument", `there is no kernel ${request.kernel.slice(0, 40)}, but python3`);
  const signal = workSignal(c, context);
  const release = await context.slots.acquire(1, { queueMs: patienceOf(c, patientMs), signal });
  try {
    const { result, cells, files } = await runCells(request, { world, signal });
    const { status } = runCodeResponse(result);
    return json({ status, message: "", driver: result, cells, executor_pod_name: null, files });
  } finally {
    release();
  }
}

async function submit(c: Context, context: ServerContext): Promise<Reply> {
  const request = check(submitSchema, await readJson(c, context), "the body");
  refuseLanguage(request.config.language ?? "python");
  const patience = { queueMs: patienceOf(c, patientMs), signal: workSignal(c, context) };
  const [result] = await scoreWithinRoom([submitItem(request)], context, patience);
  return json(submitResponse(request, result!));
}

/** @throws `bad_argument` */
function refuseLanguage(language: string): void {
  if (languages.has(language)) return;
  throw new SameseedError("bad_argument", `this server runs python, not ${language.slice(0, 40)}`, {
    context: { issues: [{ path: "language", message: `only ${[...languages].join(", ")} can be run` }] },
  });
}
