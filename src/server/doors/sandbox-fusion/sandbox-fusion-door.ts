import { type Context, Hono } from "hono";

import { SameseedError } from "../../../base/error.ts";
import type { WorldMode } from "../../../model/receipt.ts";
import type { ServerContext } from "../../context.ts";
import type { Door } from "../../door.ts";
import { DoorRoutes } from "../../http/door-routes.ts";
import { type Reply, json, toResponse } from "../../http/reply.ts";
import { check } from "../../http/route.ts";
import { patienceOf, readJson, scoreWithinRoom, workSignal } from "../door-work.ts";
import { protocolError } from "./protocol-errors.ts";
import { languageOf, programImage, type ProgramLanguage } from "./languages.ts";
import { runAndFetch, runCells } from "./run-in-sandbox.ts";
import { type ProgramPlace, runProgram } from "./run-program.ts";
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

/**
 * SandboxFusion's protocol: `/run_code`, `/run_jupyter`, `/submit` with the tests in the request, `/v1/ping`. Below `/sealed`
 * the same with a sealed world, where the same program writes the same bytes every time.
 */
export function makeSandboxFusionDoor(context: ServerContext): Door {
  const app = new Hono();
  app.onError((error) => toResponse(protocolError(error)));
  const routes = new DoorRoutes(app, "SandboxFusion");
  routes.get("/v1/ping", "Answer pong", () => toResponse(json("pong")));
  for (const [prefix, world] of [
    ["", "host"],
    ["/sealed", "sealed"],
  ] as const) {
    const where = world === "sealed" ? " in a sealed world" : "";
    const [code, cells] = [
      { summary: `Run a program${where}`, body: runCodeSchema },
      { summary: `Run cells in one interpreter${where}`, body: runJupyterSchema },
    ];
    routes.post(`${prefix}/run_code`, code, async (c) => toResponse(await runCode(c, context, world)));
    routes.post(`${prefix}/run_jupyter`, cells, async (c) => toResponse(await runJupyter(c, context, world)));
  }
  const judged = { summary: "Judge a completion with the tests in the request", body: submitSchema };
  routes.post("/submit", judged, async (c) => toResponse(await submit(c, context)));
  return { name: "sandbox-fusion", app, described: routes.described };
}

async function runCode(c: Context, context: ServerContext, world: WorldMode): Promise<Reply> {
  const given = await readJson(c, context);
  const request = check(runCodeSchema, given, "the body");
  const image = programImage();
  const language = languageOf(request.language, image);
  const isPatient = typeof given === "object" && given !== null && "compile_timeout" in given;
  const signal = workSignal(c, context);
  const queueMs = patienceOf(c, isPatient ? patientMs : impatientMs);
  const release = await context.slots.acquire(1, { queueMs, signal });
  try {
    return json(await runRequest(request, language, { image, world, signal }));
  } finally {
    release();
  }
}

async function runRequest(
  request: RunCodeRequest,
  language: ProgramLanguage,
  place: ProgramPlace,
): Promise<unknown> {
  const { language: name, fetch_files: fetched, args } = request;
  if (name === "python" && fetched.length === 0 && args.length === 0)
    return runCodeResponse(await runProgram(request, place));
  const { compiled, result, files } = await runAndFetch(request, language, place);
  return runCodeResponse(result, files, compiled);
}

async function runJupyter(c: Context, context: ServerContext, world: WorldMode): Promise<Reply> {
  const request = check(runJupyterSchema, await readJson(c, context), "the body");
  if (request.kernel !== "python3")
    throw new SameseedError("bad_argument", `there is no kernel ${request.kernel.slice(0, 40)}, but python3`);
  const signal = workSignal(c, context);
  const release = await context.slots.acquire(1, { queueMs: patienceOf(c, patientMs), signal });
  try {
    const { result, cells, files } = await runCells(request, { image: programImage(), world, signal });
    const { status } = runCodeResponse(result);
    return json({ status, message: "", driver: result, cells, executor_pod_name: null, files });
  } finally {
    release();
  }
}

async function submit(c: Context, context: ServerContext): Promise<Reply> {
  const request = check(submitSchema, await readJson(c, context), "the body");
  const image = programImage();
  const language = languageOf(request.config.language ?? "python", image);
  const patience = { queueMs: patienceOf(c, patientMs), signal: workSignal(c, context) };
  const [result] = await scoreWithinRoom([submitItem(request, language, image)], context, patience);
  return json(submitResponse(request, language, result!));
}
