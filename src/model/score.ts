import type { JsonObject, JsonValue } from "./json.ts";
import type { Limits } from "./limits.ts";
import type { WorldMode } from "./receipt.ts";

/** How one test of a solution ended. The last four say nothing of the solution. */
export type TestVerdict =
  | "accepted"
  | "wrong_answer"
  | "compile_error"
  | "runtime_error"
  | "time_limit_cpu"
  | "time_limit_idle"
  | "memory_limit"
  | "output_limit"
  | "process_limit"
  | "policy_violation"
  | "tampered"
  | "grader_error"
  | "infra_error"
  | "cancelled"
  | "not_run";

/** The verdict on a completion: `partial` where some of its tests passed, `no_code` where it holds no code, else its tests'. */
export type ScoreVerdict = Exclude<TestVerdict, "not_run"> | "partial" | "no_code";

/** Verdicts that say nothing of the solution: the score is null, and a trainer leaves the completion out. */
export const untrustworthyVerdicts: readonly ScoreVerdict[] = ["grader_error", "infra_error", "cancelled"];

/** How a value is compared with the expected one. */
export interface ValueComparison {
  /**
   * `strict`: types count as values do. `loose`: an int equals a float of its value, a list a tuple, a set a frozenset, and a
   * numpy scalar a number; a bool equals bools alone. @default `strict` for `expectedPython` and generated tests, `loose` for `expected`
   */
  readonly types?: "strict" | "loose" | undefined;
  /** Relative tolerance of floats. @default 0 */
  readonly relTol?: number | undefined;
  /** Absolute tolerance of floats. @default 0 */
  readonly absTol?: number | undefined;
}

/** One test of a `call` task. Its expected value and its name never enter the solution's sandbox. */
export interface CallTest {
  /** @default its number, from 1 */
  readonly name?: string | undefined;
  /** Positional arguments. @default [] */
  readonly args?: readonly JsonValue[] | undefined;
  readonly kwargs?: JsonObject | undefined;
  /** Positional arguments as a Python expression for a list or tuple, `np` in it numpy. */
  readonly argsPython?: string | undefined;
  readonly expected?: JsonValue | undefined;
  /** The expected value as a Python expression. */
  readonly expectedPython?: string | undefined;
  /** The exception that is expected, by its class's name. */
  readonly raises?: string | undefined;
  /** @default 1 */
  readonly weight?: number | undefined;
}

/**
 * How a program's output is compared. `lines`: without white space at the ends of lines and blank lines at the end. `numbers`: the
 * same at both ends, and a line of numbers alone by their exact values, so that `6.0` is `6`. `tokens`: word by word. With tolerances: word by
 * word, those that are expected as floats within the larger of the two; an integer is equal to a float of its value.
 */
export type TextComparison =
  | "exact"
  | "lines"
  | "numbers"
  | "tokens"
  | { readonly relTol: number; readonly absTol: number };

/** One test of a `stdio` task. */
export interface StdioTest {
  readonly name?: string | undefined;
  readonly input: string;
  /** What the program has to write; may be left out where the task has a checker. */
  readonly output?: string | undefined;
  readonly weight?: number | undefined;
}

/** A program of another language than the image's Python. */
export interface Language {
  /** The name of the solution's file, such as `main.c`. */
  readonly file: string;
  /** Fences whose code is this language's, such as `c`. */
  readonly fences: readonly string[];
  /** Program and arguments, run once for each test before it. */
  readonly compile?: readonly string[] | undefined;
  readonly run: readonly string[];
}

/** What tasks of all kinds have. */
export interface TaskBase {
  readonly id: string;
  /** The image's name or digest. @default "gymnasium" */
  readonly image?: string | undefined;
  /** @default "sealed" */
  readonly world?: WorldMode | undefined;
  /** What hidden inputs are made from, and what the solution's generators start with. @default 0 */
  readonly seed?: number | undefined;
  /** `fenced`: the last fenced block; `raw`: the whole completion; `auto`: a fenced block, else the whole. @default "fenced" */
  readonly extract?: "fenced" | "raw" | "auto" | undefined;
  /** Put before a completion that is taken whole, as a prompt that it continues is. */
  readonly prefix?: string | undefined;
  /** Put before a fenced block, such as imports that the prompt had. */
  readonly preamble?: string | undefined;
  /** The solution's file. @default "solution.py" */
  readonly entry?: string | undefined;
  /** What one test's sandbox may use. @default {@link defaultScoreLimits} */
  readonly limits?: { readonly [K in keyof Limits]?: Limits[K] | undefined } | undefined;
  /** `fraction`: the passed part by weight; `all`: 1 or 0, and tests after the first failure are not run. @default "fraction" */
  readonly aggregate?: "fraction" | "all" | undefined;
  /** A solution that is right: `score check` uses it, and it arbitrates where a judge itself fails. */
  readonly gold?: string | undefined;
}

/** A function is called, and what it returns is compared outside of its process. */
export interface CallTask extends TaskBase {
  readonly kind: "call";
  /** Its dotted name; a method of a class is called on a fresh instance. */
  readonly function: string;
  readonly tests?: readonly CallTest[] | undefined;
  /** Looks at an argument after the call instead of the result. */
  readonly observe?: number | undefined;
  readonly compare?: ValueComparison | undefined;
  /** Python source that defines `check(args, result)`; runs in a sandbox without the solution. */
  readonly checker?: string | undefined;
  /** Python source that defines `generate(rng)`, which returns arguments, and `reference(*args)` unless there is a checker. */
  readonly generator?: string | undefined;
  /** How many tests are generated. @default 10 */
  readonly generated?: number | undefined;
}

/** A program reads standard input and writes standard output. */
export interface StdioTask extends TaskBase {
  readonly kind: "stdio";
  readonly tests: readonly StdioTest[];
  /** @default "lines" */
  readonly compare?: TextComparison | undefined;
  /** Python source that defines `check(input, output)`. */
  readonly checker?: string | undefined;
  /** @default the image's Python */
  readonly language?: Language | undefined;
}

/** A trusted Python file tests the solution from a sandbox of its own; calls cross by value. */
export interface JudgeTask extends TaskBase {
  readonly kind: "judge";
  /** Functions and methods whose names begin with `test`; a parameter `solution` is the solution's module. */
  readonly judge: string;
  /** Statements that are each a test; names that neither they nor the judge define are the solution's. */
  readonly asserts?: readonly string[] | undefined;
}

/** An existing pytest suite. */
export interface PytestTask extends TaskBase {
  readonly kind: "pytest";
  /** The suite's file; it imports the module `solution`. */
  readonly suite: string;
  /**
   * `false`: in the solution's own sandbox, labelled `assurance: "weak"`. @default true, but for a suite whose source shows that it
   * patches or inspects the solution, bases a class on one of it, or imports `*` from it
   */
  readonly split?: boolean | undefined;
}

/** What a completion is scored against. */
export type ScoreTask = CallTask | StdioTask | JudgeTask | PytestTask;

/** One completion and its task. */
export interface ScoreItem {
  /** @default its place in the list, from 0 */
  readonly id?: string | undefined;
  /** A model's text; the code is taken out of it as the task says. */
  readonly completion?: string | undefined;
  /** The solution's files by name, instead of `completion`. */
  readonly files?: Readonly<Record<string, string>> | undefined;
  readonly task: ScoreTask;
  /** Over the task's own. */
  readonly limits?: { readonly [K in keyof Limits]?: Limits[K] | undefined } | undefined;
}

/** One test's result. */
export interface TestResult {
  readonly name: string;
  readonly verdict: TestVerdict;
  readonly weight: number;
  /** CPU time of the solution's sandbox in ms. */
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly peakMemoryBytes: number;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The end of what the solution wrote to standard output. */
  readonly stdoutTail: string;
  /** What went wrong, for people; may hold text of the solution's. */
  readonly message?: string;
  readonly expected?: string;
  readonly actual?: string;
}

/** The score of one completion. */
export interface ScoreResult {
  readonly id: string;
  readonly task: string;
  /** 0 to 1; null where nothing can be said of the solution. Null is not 0: a trainer leaves it out. */
  readonly score: number | null;
  readonly verdict: ScoreVerdict;
  /** Whether the score says something of the solution. */
  readonly trustworthy: boolean;
  /** Whether scoring it again may give a score. */
  readonly retryable: boolean;
  readonly passed: number;
  readonly total: number;
  /** In the task's order; their number is fixed before the solution runs. */
  readonly tests: readonly TestResult[];
  /** `full`: nothing of the solution's shares a process with what judges it. */
  readonly assurance: "full" | "weak";
  /** What the code looks like it tries; for people, it never changes a score. */
  readonly flags: readonly string[];
  /** What was wrong with the task, the grader or the host, and the fix. */
  readonly message?: string;
  /** SHA-256 over task, completion, image and results without timings. */
  readonly digest: string;
  /** Whether the result is that of an equal completion scored before. */
  readonly memoised: boolean;
  readonly timings: {
    /** From the call to the first test's start, in ms. */
    readonly queueMs: number;
    /** From there to the verdict, in ms. */
    readonly scoreMs: number;
    /** How many sandboxes of the solution were started. */
    readonly runs: number;
  };
}

/**
 * What one test's sandbox may use.
 * @experimental
 */
export const defaultScoreLimits: Limits = {
  wallMs: 30_000,
  cpuMs: 10_000,
  memoryMb: 512,
  processes: 64,
  diskMb: 64,
  outputBytes: 64 * 1024 * 1024,
};
