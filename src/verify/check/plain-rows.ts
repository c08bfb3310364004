/*
 * Two parts of a check that ask Gymnasium alone: its own checker, and whether it gives what rollouts recorded. Each is asked in a
 * process that has nothing of Sameseed's but the names and the encoding.
 */
import * as z from "zod";

import { sha256Of } from "../../base/digest.ts";
import { fieldSpans } from "../../model/cbor/field-spans.ts";
import type { RunReader } from "../../store/run-reader.ts";
import { chainOf } from "../../trajectory/trajectory-chain.ts";
import type { GymnasiumRow, PlainDifference, PlainRow } from "./check-report.ts";
import { ask, type PlainSubject, whyNot } from "./plain-subject.ts";

const checkerSchema = z.union([
  z.object({ skipped: z.string() }),
  z.object({ error: z.string().nullable(), warnings: z.array(z.string()), version: z.string() }),
]);
const stepSchema = z.object({
  seed: z.number(),
  step: z.int(),
  fields: z.record(z.string(), z.string()),
});

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

function firstLine(text: string): string {
  return text.trim().split("\n")[0] ?? "";
}
