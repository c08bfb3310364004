/** One figure of a benchmark, beside what it may at most or must at least be. */
export interface Figure {
  /** What was measured, such as `start p50 / bare fork p50`. */
  readonly name: string;
  readonly value: number;
  /** `ms`, `µs`, `x`, `/s`, `MiB` or empty for a count. */
  readonly unit: string;
  /** The reach it is held to; undefined for the raw figures a ratio is made of. */
  readonly reach?: { readonly most: number } | { readonly least: number };
}

/** What a scenario is given. */
export interface ScenarioContext {
  /** The image everything runs in. */
  readonly image: string;
  /** Smaller numbers, for a quick look; figures of a quick run are not for `SPECIFICATION.md`. */
  readonly quick: boolean;
  /** Says what goes on. */
  readonly say: (line: string) => void;
}

/** A benchmark: measures its figures beside their baselines in the same run. */
export interface Scenario {
  readonly name: string;
  /** What it measures and against what, in one sentence. */
  readonly about: string;
  readonly run: (context: ScenarioContext) => Promise<Figure[]>;
}

/** Whether a figure is within its reach; undefined where it has none. */
export function isReached({ value, reach }: Figure): boolean | undefined {
  if (reach === undefined) return undefined;
  return "most" in reach ? value <= reach.most : value >= reach.least;
}
