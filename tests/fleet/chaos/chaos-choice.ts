import { parseArgs } from "node:util";
import * as z from "zod";

import type { ChaosOptions } from "./run-schedule.ts";

/** Which schedules `npm run chaos` runs, and how. */
export interface ChaosChoice extends Omit<ChaosOptions, "seed" | "onLog"> {
  readonly first: number;
  readonly schedules: number;
}

const number = z.coerce.number().int().min(0);

const schema = z.object({
  first: number.default(1),
  schedules: number.min(1).default(3),
  rollouts: number.min(1).default(600),
  faults: number.default(5),
  gap: number.default(3000),
  liar: z.boolean().default(false),
  queue: z.enum(["redis", "postgres"]).default("redis"),
  store: z.enum(["folder", "s3"]).default("folder"),
});

/** What a command line says: a schedule that runs on other ground than was asked for would prove nothing. */
export function chaosChoice(args: readonly string[]): ChaosChoice | { readonly wrong: string } {
  try {
    const text = { type: "string" } as const;
    const names = Object.keys(schema.shape).map((name) => [
      name,
      name === "liar" ? { type: "boolean" } : text,
    ]);
    const { values } = parseArgs({ args: [...args], options: Object.fromEntries(names) });
    const { gap, liar, queue, store, ...own } = schema.parse(values);
    return { ...own, gapMs: gap, lies: liar, ground: { queue, store } };
  } catch (error) {
    if (error instanceof z.ZodError)
      return { wrong: error.issues.map(({ path, message }) => `--${path.join(".")}: ${message}`).join("\n") };
    return { wrong: String(error) };
  }
}
