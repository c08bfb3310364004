/*
 * The parts of a check that ask Gymnasium alone: its own checker, what its seed decides, and whether it gives what rollouts
 * recorded. Each is asked in a process that has nothing of Sameseed's but the names and the encoding.
 */
import * as z from "zod";

import { sha256Of } from "../../base/digest.ts";
import type { ResolvedImage } from "../../image/image-store.ts";
import { fieldSpans } from "../../model/cbor/field-spans.ts";
import type { ResolvedOptions } from "../../rollout/rollout-config.ts";
import type { RunReader } from "../../store/run-reader.ts";
import { chainOf } from "../../trajectory/trajectory-chain.ts";
import type { GymnasiumRow, PlainDifference, PlainRow, SeedingRow } from "./check-report.ts";
import { askPlainProcess, type PlainAnswer, type PlainRequest } from "./plain-process.ts";

/** What the rows ask of. */
export interface PlainSubject {
  readonly image: ResolvedImage;
  readonly options: ResolvedOptions;
  readonly seeds: readonly number[];
  readonly maxSteps: number;
  /** How long the longest of the recorded rollouts ran, in milliseconds. */
  readonly longestMs: number;
  readonly signal?: AbortSignal;
}

const checkerSchema = z.union([
  z.object({ skipped: z.string() }),
  z.object({ error: z.string().nullable(), warnings: z.array(z.string()), version: z.string() }),
]);
const seedingSchema = z.object({ seed: z.number(), episode: z.string(), after: z.string() });
const stepSchema = z.object({
  seed: z.number(),
  step: z.int(),
  fields: z.record(z.string(), z.string()),
});

/** A plain process that cannot play what a rollout could: what is missing there is the wall's, not the environment's. */
const sealedOnly = "it plays in rollouts; the host's world of a sandbox lacks something that it needs";
const metLimit =
  "it was ended at a limit: this says nothing of the environment; --wall-ms, --cpu-ms, --memory-mb and --output-bytes give more";

function whyNot({ isLimit }: PlainAnswer): string {
  return isLimit ? metLimit : sealedOnly;
}

const digestDigits = 16;
const comparedFields = ["action", "info", "observation", "reward", "terminated", "truncated"];

/** Runs Gymnasium's `check_env`. */
export async function askGymnasium(subject: PlainSubject): Promise<GymnasiumRow> {
  const answer = await ask(subject, { work: "checker" });
  const { lines, problem } = answer;
  const told = lines.map((line) => checkerSchema.safeParse(line)).find(({ success }) => success)?.data;
  if (told === undefined)
    return {
      verdict: "warn",
      summary: `check_env could not be run: ${problem ?? "no answer"}`,
      notes: [whyNot(answer)],
      error: null,
    };
  if ("skipped" in told) return { verdict: "skipped", summary: told.skipped, notes: [], error: null };
  const { error, warnings, version } = told;
  const by = `check_env of Gymnasium ${version}`;
  const given =
    warnings.length === 0 ? "" : ` with ${warnings.length} warning${warnings.length === 1 ? "" : "s"}`;
  return {
    verdict: error !== null ? "fail" : warnings.length > 0 ? "warn" : "pass",
    summary: error === null ? `${by} passes${given}` : `${by} fails: ${firstLine(error)}`,
    notes: warnings.map(firstLine),
    error,
  };
}

/** Finds out what the seed decides: equal episodes for one seed, other episodes for others. */
export async function askSeeding(subject: PlainSubject): Promise<SeedingRow> {
  const answer = await ask(subject, { work: "seeding" });
  const { lines, problem } = answer;
  const told = lines.flatMap((line) => seedingSchema.safeParse(line).data ?? []);
  const { seeds } = subject;
  if (told.length < 2 * seeds.length) {
    const summary = `no episode to compare: ${problem ?? "no answer"}`;
    return {
      verdict: "warn",
      summary,
      notes: [whyNot(answer)],
      repeatable: null,
      distinct: 0,
      of: seeds.length,
      survivesReset: null,
    };
  }
  const repeatable = seeds.every((seed) =>
    same(told.filter((each) => each.seed === seed).map(({ episode }) => episode)),
  );
  const distinct = new Set(told.map(({ episode }) => episode)).size;
  const survivesReset = repeatable ? told.every(({ episode, after }) => episode === after) : null;
  const notes = [
    ...(survivesReset === false
      ? [
          "an episode differs when the same environment has played one before: state survives reset(); rollouts begin with a new one",
        ]
      : []),
    ...(repeatable
      ? []
      : [
          "outside of Sameseed the same seed gives other episodes: something else than reset(seed=…) decides; the audit names it",
        ]),
  ];
  const ignored = repeatable && distinct === 1 && seeds.length > 1;
  if (ignored)
    notes.push(
      "every seed gives the same episode for the same actions: the environment has no chance in it, or ignores its seed",
    );
  return {
    verdict: notes.length === 0 ? "pass" : "warn",
    summary: repeatable
      ? `the same seed gives the same episode, and ${seeds.length} seeds give ${distinct}`
      : "the same seed gives other episodes in two processes",
    notes,
    repeatable,
    distinct: repeatable ? distinct : Math.min(distinct, seeds.length),
    of: seeds.length,
    survivesReset,
  };
}

/**
 * Compares recorded rollouts with the same episodes in plain Gymnasium, twice: with numpy and BLAS held to the numeric class
 * of the world, which is what is promised, and with all that this processor has, which is what a user sees.
 */
export async function comparePlain(
  subject: PlainSubject,
  reader: RunReader,
  { asks, numericClass }: { readonly asks: boolean; readonly numericClass: string },
): Promise<PlainRow> {
  const leaveOut = subject.options.template.volatileInfo.length > 0 ? ["info"] : [];
  const expected = subject.seeds.flatMap((seed) => recordedSteps(reader, seed, leaveOut));
  const difference = async (native: boolean): Promise<PlainDifference | string | undefined> => {
    const { lines, problem } = await ask(subject, { work: "play", leaveOut, native });
    if (problem !== undefined) return problem;
    return firstDifference(
      expected,
      lines.flatMap((line) => stepSchema.safeParse(line).data ?? []),
    );
  };
  const pinned = await difference(false);
  if (typeof pinned === "string")
    return {
      verdict: "warn",
      summary: `plain Gymnasium could not play it: ${pinned}`,
      notes: [],
      pinned: null,
      native: null,
      numericClass,
    };
  const own = await difference(true);
  const native = typeof own === "string" ? null : own === undefined;
  return {
    ...judgePlain(pinned, native, asks),
    pinned: pinned === undefined,
    native,
    numericClass,
    ...(pinned === undefined ? {} : { pinnedDifference: pinned }),
    ...(own === undefined || typeof own === "string" ? {} : { nativeDifference: own }),
  };
}

function judgePlain(
  pinned: PlainDifference | undefined,
  native: boolean | null,
  asks: boolean,
): Pick<PlainRow, "verdict" | "summary" | "notes"> {
  if (pinned === undefined) {
    const notes =
      native === false
        ? [
            "with all that this processor has, plain Gymnasium gives other last digits: pin numpy and BLAS there to compare",
          ]
        : [];
    return {
      verdict: "pass",
      summary: "observations, rewards, flags and info are those of plain Gymnasium",
      notes,
    };
  }
  const where = `${pinned.field} of step ${pinned.step}, seed ${pinned.seed}`;
  const summary = `plain Gymnasium gives another ${where}`;
  return asks
    ? {
        verdict: "warn",
        summary,
        notes: ["the environment asks the world for what no two plain processes share"],
      }
    : {
        verdict: "fail",
        summary,
        notes: ["the environment asks the world for nothing that could explain it"],
      };
}

type PlainStep = z.infer<typeof stepSchema>;

function recordedSteps(reader: RunReader, seed: number, leaveOut: readonly string[]): PlainStep[] {
  const { records } = chainOf(reader.trajectory(seed));
  return records.slice(0, -1).map((record, step) => {
    const told = fieldSpans(record, "run_damaged").filter(
      ({ name }) => comparedFields.includes(name) && !leaveOut.includes(name),
    );
    const digest = (start: number, end: number): string =>
      sha256Of([record.subarray(start, end)])
        .toString("hex")
        .slice(0, digestDigits);
    return {
      seed,
      step,
      fields: Object.fromEntries(told.map(({ name, start, end }) => [name, digest(start, end)])),
    };
  });
}

function firstDifference(
  expected: readonly PlainStep[],
  actual: readonly PlainStep[],
): PlainDifference | undefined {
  const found = new Map(actual.map((each) => [`${each.seed} ${each.step}`, each.fields]));
  for (const { seed, step, fields } of expected) {
    const plain = found.get(`${seed} ${step}`);
    if (plain === undefined) return { seed, step, field: "length" };
    const names = [...new Set([...Object.keys(fields), ...Object.keys(plain)])].sort();
    const field = names.find((name) => fields[name] !== plain[name]);
    if (field !== undefined) return { seed, step, field };
    found.delete(`${seed} ${step}`);
  }
  const [rest] = actual.filter(({ seed, step }) => found.has(`${seed} ${step}`));
  return rest === undefined ? undefined : { seed: rest.seed, step: rest.step, field: "length" };
}

async function ask(
  { image, options, seeds, maxSteps, longestMs, signal }: PlainSubject,
  request: Pick<PlainRequest, "work" | "leaveOut" | "native">,
): Promise<PlainAnswer> {
  return await askPlainProcess(image, options, {
    ...request,
    seeds,
    maxSteps,
    longestMs,
    ...(signal === undefined ? {} : { signal }),
  });
}

function same(values: readonly string[]): boolean {
  return new Set(values).size === 1;
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0] ?? "";
}
