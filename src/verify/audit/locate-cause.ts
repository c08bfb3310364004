import { lstatSync, readFileSync, realpathSync } from "node:fs";
import { basename, join } from "node:path";

import type { ResolvedImage } from "../../image/image-store.ts";
import type { RolloutSpec } from "../../model/rollout.ts";
import type { AuditLocation, AuditUnlocated } from "./audit-report.ts";
import { factorsOf } from "./factors.ts";
import { otherHeaps, type Suspect } from "./layouts.ts";
import { lineIntoEpisode, type BlamedLine, type Trace } from "./trace.ts";
import type { WorldRunner } from "./world-runner.ts";
import type { WorldChange } from "./audit-world.ts";

/** What finding lines needs besides the suspect. */
export interface LocateInputs {
  readonly runner: WorldRunner;
  readonly image: ResolvedImage;
  readonly spec: RolloutSpec;
}

/** How many pairs of the same world are traced until two differ. */
const itselfTries = 6;

const largestSourceBytes = 4 * 1024 * 1024;

/** Runs rollouts under the line tracer, each once however many suspects are compared with it. */
export class Tracer {
  readonly #runner: WorldRunner;
  readonly #traces: Map<string, Promise<readonly Trace[]>> = new Map();

  constructor(runner: WorldRunner) {
    this.#runner = runner;
  }

  /** The traces of a rollout in a world, from a step on or of all of it: of the environment's sandbox, and of the policy's. */
  async trace(change: WorldChange, spec: RolloutSpec, from?: number): Promise<readonly Trace[]> {
    const key = JSON.stringify([change, spec.seed, spec.maxSteps, from]);
    let trace = this.#traces.get(key);
    if (trace === undefined) {
      trace = this.#runner.trace(change, spec, from);
      this.#traces.set(key, trace);
    }
    return await trace;
  }
}

/**
 * Runs the rollout in the baseline's world and the suspect's, both under the line tracer and no further than to the step
 * that differs, and finds the line that let the world in; or why the traces do not tell. Where a trace is cut off before that
 * step, both are traced again from a later moment.
 */
export async function locateCause(
  inputs: LocateInputs,
  suspect: Suspect,
  tracer: Tracer,
): Promise<AuditLocation | AuditUnlocated> {
  const { step } = suspect.divergence;
  const maxSteps = Math.max(1, Math.min(step, inputs.spec.maxSteps ?? step));
  const cut = { ...inputs, spec: { ...inputs.spec, maxSteps } };
  const whole = await compareTraces(cut, suspect, tracer);
  if (whole.line?.begun === true || !whole.isCut) return whole.line?.location ?? "traces-equal";
  const since = await laterMoment(cut, suspect, tracer);
  const later = await compareTraces(cut, suspect, tracer, since);
  if (later.line !== undefined) return { ...later.line.location, since };
  // Where the whole episode was alike under the tracer, what differs before it is not what the suspect brought.
  if (since <= 1 && !later.isCut) return "traces-equal";
  return whole.line?.location ?? "trace-cut";
}

interface Compared {
  readonly line?: { readonly location: AuditLocation; readonly begun: boolean };
  /** Whether the trace that would show the difference went on. */
  readonly isCut: boolean;
}

/** The line at which the traces of the two worlds differ, of the episode where there is one. */
async function compareTraces(
  inputs: LocateInputs,
  suspect: Suspect,
  tracer: Tracer,
  from?: number,
): Promise<Compared> {
  const members = membersOf(suspect);
  let earlier: AuditLocation | undefined;
  let isCut = false;
  for (const other of otherWorlds(inputs, suspect, tracer, from)) {
    const [expected, actual] = await Promise.all([tracer.trace({}, inputs.spec, from), other()]);
    for (const member of members) {
      const [mine, theirs] = [expected[member], actual[member]];
      if (mine === undefined || theirs === undefined) continue;
      if (member === members[0]) isCut ||= !mine.isWhole || !theirs.isWhole;
      const line = lineIntoEpisode(mine, theirs, ({ file, line: at }) => textOf(inputs, file, at));
      if (line === undefined) continue;
      const location = locationOf(inputs, line);
      // A policy's episode begins with it.
      if (line.begun === true || member === 1) return { line: { location, begun: true }, isCut };
      // The reset may make good what was drawn before it, and the draw of the episode have come out alike this time.
      earlier ??= location;
    }
    // What is cut off before the step that differs is so in every layout.
    if (suspect.factor !== "baseline" && expected[members[0]]?.isWhole !== true) break;
  }
  return { ...(earlier === undefined ? {} : { line: { location: earlier, begun: false } }), isCut };
}

/** The environment comes first, and the policy where it has a sandbox; an action that differs is the policy's. */
function membersOf({ divergence }: Suspect): readonly [number, number] {
  return divergence.field === "action" ? [1, 0] : [0, 1];
}

/**
 * The earliest of some moments from which the unchanged world's trace is not cut off; the last one where each is. The reset,
 * the first step, and then ever nearer to the step that differs.
 */
async function laterMoment({ spec }: LocateInputs, suspect: Suspect, tracer: Tracer): Promise<number> {
  const { step } = suspect.divergence;
  const [member] = membersOf(suspect);
  let from = 0;
  for (;;) {
    const trace = (await tracer.trace({}, spec, from))[member];
    if (trace?.isWhole === true || from >= step) return from;
    from = from === 0 ? 1 : from + Math.ceil((step - from) / 2);
  }
}

/**
 * The worlds to hold against the unchanged one, one after the other until one shows a line. The same world twice is two
 * rollouts, which may happen to be alike. And the tracer takes memory too: objects that lie in another order in some layout
 * without it need not do so in the same layout under it, but then do in another.
 */
function otherWorlds(
  { runner, spec }: LocateInputs,
  { factor, change }: Suspect,
  tracer: Tracer,
  from: number | undefined,
): (() => Promise<readonly Trace[]>)[] {
  if (factor === "baseline")
    return Array.from({ length: itselfTries }, () => async () => await runner.trace({}, spec, from));
  const { perturb } = change;
  const more = factorsOf(factor).some(({ id }) => id === "addresses") ? otherHeaps : [];
  const changes = [change, ...more.map((heap) => ({ ...change, perturb: { ...perturb, heap } }))];
  return changes.map((each) => async () => await tracer.trace(each, spec, from));
}

/** A line of a traceback that is the program's own; the last one, where the exception came from. */
export function locateTraceback(inputs: LocateInputs, traceback: string): AuditLocation | null {
  const frames = [...traceback.matchAll(/^ *File "([^"]+)", line (\d+), in (.+)$/gm)];
  for (const [, file = "", line = "0", name = ""] of frames.toReversed())
    if (/^\/tmp\/(env|policy)\//.test(file))
      return locationOf(inputs, { file, line: Number(line), function: name });
  return null;
}

function locationOf(inputs: LocateInputs, blamed: BlamedLine): AuditLocation {
  const { file, line, begun: _, ...rest } = blamed;
  return { ...rest, file: shownFile(file), line, source: textOf(inputs, file, line) };
}

function textOf(inputs: LocateInputs, file: string, line: number): string {
  return (sourceOf(inputs, file).split("\n")[line - 1] ?? "").trim();
}

function shownFile(file: string): string {
  if (file.startsWith("/tmp/")) return basename(file);
  return file.split("/site-packages/").at(-1) ?? file;
}

function sourceOf({ spec, image }: LocateInputs, file: string): string {
  const { environment, seats } = spec;
  if (file.startsWith("/tmp/env/")) {
    const beside = spec.files?.find(({ path }) => file === `/tmp/env/${path}`);
    if (beside !== undefined) return Buffer.from(beside.data, "base64").toString();
    return environment.kind === "file" ? environment.source : "";
  }
  if (file.startsWith("/tmp/policy/")) {
    const policy = seats.map((seat) => seat.policy).find((each) => each.kind === "source");
    return policy?.kind === "source" ? policy.source : "";
  }
  // The name comes out of a sandbox: only a file of the image's own is read.
  try {
    const root = realpathSync(image.rootfs);
    const path = realpathSync(join(root, file));
    const status = lstatSync(path);
    if (!path.startsWith(`${root}/`) || !status.isFile() || status.size > largestSourceBytes) return "";
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
