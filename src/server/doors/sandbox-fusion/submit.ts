import { SameseedError } from "../../../base/error.ts";
import type { ScoreResult, TestResult } from "../../../model/score.ts";
import { defaultImageName } from "../../../image/default-image.ts";
import { extractCode } from "../../../judge/extract-code.ts";
import type { ProgramLanguage } from "./languages.ts";
import { returnCode } from "./run-program.ts";
import { type RunCodeResponse, runCodeResponse, type SubmitRequest } from "./schemas.ts";
import type { ScoreItem } from "../../../model/score.ts";

/** What `/submit` answers. */
export interface SubmitResponse {
  readonly id: number | string;
  readonly accepted: boolean;
  readonly extracted_code: string;
  readonly full_code: null;
  readonly test_code: null;
  readonly tests: readonly {
    readonly passed: boolean;
    readonly exec_info: RunCodeResponse;
    readonly test_info: {
      readonly input: { readonly stdin: string };
      readonly output: { readonly stdout: string };
    };
  }[];
  readonly extracted_type: "fenced" | null;
  readonly extra: Readonly<Record<string, unknown>>;
}

/** A request as an item to score: each test in a fresh sandbox, its output compared outside of it. */
export function submitItem(
  { completion, config }: SubmitRequest,
  { file, fences, compile, run }: ProgramLanguage,
  image: string,
): ScoreItem {
  const { test } = config.provided_data;
  const seconds = config.run_timeout ?? undefined;
  return {
    id: "submit",
    completion,
    ...(seconds === undefined
      ? {}
      : { limits: { wallMs: Math.ceil(3000 * seconds), cpuMs: Math.ceil(1000 * seconds) } }),
    task: {
      id: "submit",
      kind: "stdio",
      extract: "auto",
      ...(image === defaultImageName ? {} : { image }),
      ...((config.language ?? "python") === "python"
        ? {}
        : {
            language: { file, fences: [...fences], ...(compile && { compile: [...compile] }), run: [...run] },
          }),
      tests: test.map(({ input, output }) => ({ input: input.stdin, output: output.stdout })),
      aggregate: config.extra["run_all_cases"] === false ? "all" : "fraction",
    },
  };
}

/**
 * A score as `/submit` tells it.
 * @throws `sandbox_failed` where nothing can be said of the completion: no verdict is made of that
 */
export function submitResponse(
  request: SubmitRequest,
  { fences }: ProgramLanguage,
  result: ScoreResult,
): SubmitResponse {
  refuseUntrusted(result);
  const { test } = request.config.provided_data;
  const code = extractCode(request.completion, {
    extract: "auto",
    fences: [...fences],
    prefix: "",
    preamble: "",
  });
  return {
    id: request.id,
    accepted: result.score === 1,
    extracted_code: code ?? "",
    full_code: null,
    test_code: null,
    tests: result.tests.flatMap((ran, at) =>
      ran.verdict === "not_run"
        ? []
        : [{ passed: ran.verdict === "accepted", exec_info: execInfo(ran), test_info: test[at]! }],
    ),
    extracted_type: code === undefined ? null : "fenced",
    extra: { verdict: result.verdict, digest: result.digest },
  };
}

/** @throws `sandbox_failed` */
export function refuseUntrusted({ score, verdict, message }: ScoreResult): void {
  if (score !== null) return;
  if (verdict === "grader_error")
    throw new SameseedError("bad_argument", `the task cannot be judged: ${message ?? verdict}`);
  throw new SameseedError("sandbox_failed", `nothing can be said of the completion: ${message ?? verdict}`);
}

function execInfo({
  verdict,
  wallMs,
  exitCode,
  signal,
  stdoutTail,
  message = "",
}: TestResult): RunCodeResponse {
  const isLate = verdict === "time_limit_cpu" || verdict === "time_limit_idle";
  const endedWell = verdict === "accepted" || verdict === "wrong_answer";
  const code = exitCode === null && signal === null ? 1 : returnCode(exitCode, signal);
  return runCodeResponse({
    status: isLate ? "TimeLimitExceeded" : "Finished",
    execution_time: wallMs / 1000,
    // A verdict that is none of the output's is no success, whatever status the program left with.
    return_code: isLate ? null : code === 0 && !endedWell ? 1 : code,
    stdout: stdoutTail,
    stderr: endedWell ? "" : message,
  });
}
