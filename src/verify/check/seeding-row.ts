/* The part of a check that asks Gymnasium alone what its seed decides. */
import * as z from "zod";

import type { SeedingRow } from "./check-report.ts";
import type { GlobalGenerator, PlainAnswer } from "./plain-process.ts";
import { ask, type PlainSubject, whyNot } from "./plain-subject.ts";

const seedingSchema = z.object({ seed: z.number(), episode: z.string(), after: z.string() });
type SeedingLine = z.infer<typeof seedingSchema>;

/** Finds out what the seed decides: equal episodes for one seed, other episodes for others. */
export async function askSeeding(subject: PlainSubject): Promise<SeedingRow> {
  const { answer, told } = await askEpisodes(subject, []);
  const { seeds } = subject;
  if (told.length < 2 * seeds.length) {
    const summary = `no episode to compare: ${answer.problem ?? "no answer"}`;
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
  const repeatable = isRepeatable(told, seeds);
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
      : [`outside of Sameseed the same seed gives other episodes: ${await whatDecides(subject)}`]),
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
 * Finds out whether the generators of the process are what decides beside the seed: with them seeded too, an episode that draws from
 * them and from nothing else is the same. Rollouts seed them, so an audit has nothing to name.
 */
async function whatDecides(subject: PlainSubject): Promise<string> {
  const suffices = async (...seeded: readonly GlobalGenerator[]): Promise<boolean> => {
    const { told } = await askEpisodes(subject, seeded);
    return told.length >= 2 * subject.seeds.length && isRepeatable(told, subject.seeds);
  };
  if (!(await suffices("random", "numpy.random")))
    return "something else than reset(seed=…) decides, such as the clock or the system's entropy";
  const cause = (await suffices("random"))
    ? "random"
    : (await suffices("numpy.random"))
      ? "numpy.random"
      : "random and numpy.random";
  return `it draws from the process's own ${cause}, which reset(seed=…) does not seed; rollouts do; self.np_random follows from the seed anywhere`;
}

async function askEpisodes(
  subject: PlainSubject,
  seeded: readonly GlobalGenerator[],
): Promise<{ readonly answer: PlainAnswer; readonly told: readonly SeedingLine[] }> {
  const answer = await ask(subject, { work: "seeding", seeded });
  return { answer, told: answer.lines.flatMap((line) => seedingSchema.safeParse(line).data ?? []) };
}

function isRepeatable(told: readonly SeedingLine[], seeds: readonly number[]): boolean {
  return seeds.every(
    (seed) => new Set(told.flatMap((each) => (each.seed === seed ? [each.episode] : []))).size === 1,
  );
}
