import { SameseedError } from "../../base/error.ts";
import { type NamesOf, refuseUnknownOptions } from "../../base/known-options.ts";
import { fieldSpans } from "../../model/cbor/field-spans.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Limits } from "../../model/limits.ts";
import type { RecordedRollout } from "../../model/rollout.ts";
import { checkSeed } from "../../model/seed.ts";
import { environmentName } from "../../model/spec-names.ts";
import { executeRollout } from "../../rollout/execute-rollout.ts";
import { askedBranch } from "../../rollout/plan-branch.ts";
import { planRollout } from "../../rollout/plan-rollout.ts";
import type { BackendChoice } from "../../rollout/rollout-host.ts";
import { RunReader } from "../../store/run-reader.ts";
import { firstDivergence } from "../../trajectory/first-divergence.ts";
import { recordKind } from "../../trajectory/records.ts";
import { chainOf, type TrajectoryChain } from "../../trajectory/trajectory-chain.ts";
import { keptNow } from "../kept-beside.ts";
import { hostForRerun, nameOf, optionsForRerun, recordedChain, replaySource } from "../recorded-run.ts";
import { picturesPath, writePictures } from "./picture-file.ts";
import { PictureTaker } from "./take-pictures.ts";

/** How pictures of a rollout are made. */
export interface RenderOptions {
  /** The most pictures; of a longer rollout every second, third… record has one. @default 400 */
  readonly most?: number;
  /** A backend that the caller created has its own image. @default the backend of the recording */
  readonly backend?: BackendChoice;
  readonly signal?: AbortSignal;
}

/** Pictures that were made. */
export interface RenderResult {
  readonly seed: number;
  /** Its number, if it is a branch. */
  readonly branch?: number;
  /** The file in the run folder. */
  readonly path: string;
  readonly kind: "png" | "text";
  readonly pictures: number;
  /** Of how many records one has a picture. */
  readonly every: number;
  /** False where the records are those of the recording but for what they asked of the world. */
  readonly exact: boolean;
  /** Whether there was no room for the rest: the pictures of one rollout have at most 128 MiB. */
  readonly cut: boolean;
}

const names = { most: true, backend: true, signal: true } satisfies NamesOf<RenderOptions>;
const mostDefault = 400;

/**
 * Plays the recorded actions of one rollout again, asks the environment for a picture behind its records, and keeps the
 * pictures beside the run. Nothing recorded changes, and pictures are kept only where the rollout gave its recorded bytes
 * again, or others only in what it asked of the world.
 *
 * @example
 * const { path, pictures } = await renderRollout("runs/lake", 42);
 *
 * @param ofSeed its seed, or its number where the run is one of branches
 * @throws `bad_argument` where the environment gives no pictures in this image; `prefix_diverged` where the bytes are others,
 * `run_missing`, `run_damaged`, `image_missing`, `wall_unavailable`, `io_failed`, `aborted`…
 *
 * @experimental
 */
export async function renderRollout(
  dir: string,
  ofSeed: number,
  options: RenderOptions = {},
): Promise<RenderResult> {
  refuseUnknownOptions(options, names, "renderRollout");
  const key = checkSeed(ofSeed);
  const most = options.most ?? mostDefault;
  if (!Number.isSafeInteger(most) || most < 1)
    throw new SameseedError("bad_argument", "most: at least one picture");
  using reader = await RunReader.open(dir);
  const expected = reader.row(key);
  const chain = recordedChain(reader, expected);
  const { manifest } = reader;
  const host = await hostForRerun(manifest, options.backend ?? manifest.backend);
  const { template, branch } = optionsForRerun(manifest, host.image.manifest.digest, host.backend);
  const last = lastStep(chain);
  const steps = { first: chain.first, last, every: Math.max(1, Math.ceil((last - chain.first) / most)) };
  const limits = withRoom(expected.receipt.limits);
  const own = askedBranch(branch, key);
  const refusals: string[] = [];
  let otherwise: SameseedError | undefined;
  for (const mode of modesOf(template.environment.kind, template.envArgs)) {
    const envArgs = mode === null ? template.envArgs : { ...template.envArgs, render_mode: mode };
    const spec = { ...template, envArgs, seed: expected.seed };
    const again = { ...own, replay: replaySource(chain), pictures: steps };
    const plan = planRollout(spec, limits, host.receipt, again);
    const taker = new PictureTaker(steps);
    const take = (payload: Uint8Array): void => taker.take(payload);
    const actual = await executeRollout(host.backend, host.receipt, plan, limits, options.signal, take);
    if (taker.why !== undefined || taker.kind === undefined) {
      refusals.push(taker.why ?? actual.summary.error?.message ?? "it was asked for none");
      continue;
    }
    const other = otherBytes(chain, expected.digest, actual);
    const exact = other === undefined;
    if (other !== undefined && !isSameButForLedgers(chain, chainOf(actual.trajectory))) {
      otherwise ??= other;
      continue;
    }
    const path = picturesPath(dir, key);
    const list = { ...keptNow(expected.digest, host.image.manifest.digest), mode, every: steps.every };
    const { kind, width, height, cut, pictures, bodies } = taker;
    writePictures(path, { ...list, exact, kind, width, height, cut, pictures }, bodies);
    return { ...nameOf(expected), path, kind, pictures: pictures.length, every: steps.every, exact, cut };
  }
  throw otherwise ?? cannotRender(environmentName(template.environment), manifest.image.name, refusals);
}

/** What an environment is asked for, one after the other: a picture, a text, and what it renders when it is made as it was. */
export function modesOf(kind: string, envArgs: JsonObject): readonly (string | null)[] {
  if (kind === "builtin") return [null];
  return "render_mode" in envArgs ? [null, "rgb_array", "ansi"] : ["rgb_array", "ansi", null];
}

/** The last record that has a picture: the closing one has none. */
export function lastStep({ first, records }: TrajectoryChain): number {
  const last = records.at(-1);
  const isClosing = last !== undefined && recordKind(fieldSpans(last, "run_damaged")) === "closing";
  return first + records.length - (isClosing ? 2 : 1);
}

/** Drawing takes time and memory that the rollout did not need. */
export function withRoom(limits: Limits): Limits {
  return {
    ...limits,
    wallMs: limits.wallMs + 600_000,
    cpuMs: limits.cpuMs + 600_000,
    memoryMb: limits.memoryMb + 512,
    processes: limits.processes + 16,
    outputBytes: limits.outputBytes + 2 * 1024 * 1024 * 1024,
  };
}

/** What is wrong with the bytes of the rollout that was played again; a recording that was cut off ends before it does. */
function otherBytes(
  chain: TrajectoryChain,
  digest: string,
  { summary, trajectory }: RecordedRollout,
): SameseedError | undefined {
  if (summary.digest === digest) return undefined;
  const divergence = firstDivergence(chain, chainOf(trajectory));
  if (divergence === undefined || divergence.step >= chain.first + chain.records.length) return undefined;
  return new SameseedError(
    "prefix_diverged",
    `the rollout that was played again for its pictures is another one from step ${divergence.step} on: ${divergence.path} differs`,
    {
      hint: "no picture is kept; `sameseed replay DIR --seed N` says whether it gives its bytes without pictures",
      context: { firstDivergence: { ...divergence } },
    },
  );
}

/** What an environment draws it may prepare in its steps, which then ask more of the world, and are the same ones otherwise. */
function isSameButForLedgers(expected: TrajectoryChain, actual: TrajectoryChain): boolean {
  const fieldsOf = (record: Uint8Array): Buffer =>
    Buffer.concat(
      fieldSpans(record, "run_damaged")
        .filter(({ name }) => name !== "ledger")
        .flatMap(({ name, start, end }) => [Buffer.from(`${name}\0`), record.subarray(start, end)]),
    );
  return (
    expected.first === actual.first &&
    expected.records.length === actual.records.length &&
    expected.records.every((record, at) => fieldsOf(record).equals(fieldsOf(actual.records[at]!)))
  );
}

function cannotRender(environment: string, image: string, refusals: readonly string[]): SameseedError {
  const lacking = refusals.find((why) => /not installed|No module named|not in this image/i.test(why));
  // The last one is what render() itself did, where it takes no mode.
  const why = (lacking ?? refusals.at(-1) ?? "").split("\n")[0]!.slice(0, 400);
  return new SameseedError("bad_argument", `${environment} gives no pictures in the image ${image}: ${why}`, {
    hint:
      lacking === undefined
        ? "an environment gives pictures where its render() returns an array of pixels or a text"
        : "build an image that has the package (sameseed image build NAME --requirements FILE) and record with --image NAME",
    context: { refusals: [...refusals] },
  });
}
