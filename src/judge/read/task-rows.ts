/*
 * Rows of the data sets in use, as tasks. Each reader takes what the published rows hold and nothing else; where a data set's
 * own grader compares in the solution's process, the test moves to the judge's side, where its assertions are the same.
 */
import { SameseedError } from "../../base/error.ts";
import type { JsonValue } from "../../model/json.ts";
import { dataSetImports } from "./data-set-imports.ts";
import { parseMarkedJson } from "./exact-numbers.ts";

/** A row of a data set. */
export type Row = Readonly<Record<string, unknown>>;

/** The task that a row of another form stands for, not yet checked; undefined for a row of no form that is known. */
export function taskOfRow(row: Row): Row | undefined {
  if (isText(row["entry_point"]) && isText(row["test"]) && isText(row["prompt"])) return humanEval(row);
  if (Array.isArray(row["test_list"])) return mbpp(row);
  if (row["public_test_cases"] !== undefined || row["private_test_cases"] !== undefined)
    return liveCodeBench(row);
  if (row["input_output"] !== undefined) return apps(row);
  return undefined;
}

/** `prompt`, `test` with `check(candidate)`, `entry_point`. A completion without a fence continues the prompt. */
function humanEval(row: Row): Row {
  const [prompt, entry] = [String(row["prompt"]), String(row["entry_point"])];
  const solution = row["canonical_solution"];
  // What stands before the function is imports and helpers: a fenced answer repeats the function only.
  const at = prompt.search(new RegExp(String.raw`^(?:async )?def ${entry}\b`, "m"));
  const preamble = at > 0 ? prompt.slice(0, at) : "";
  return {
    id: idOf(row),
    kind: "judge",
    // Tests call the prompt's helpers too: they are the prompt's own, and not what a solution makes of them.
    judge: `${preamble}\n${String(row["test"])}\n\ndef test_check(solution):\n    check(solution.${entry})\n`,
    extract: "auto",
    prefix: prompt,
    preamble,
    ...(isText(solution) ? { gold: prompt + solution } : {}),
  };
}

/** `test_list` of assertions, `test_setup_code`, `challenge_test_list`, `code`. */
function mbpp(row: Row): Row {
  const lists = [row["test_list"], row["challenge_test_list"]];
  const code = row["code"];
  const imports = Array.isArray(row["test_imports"]) ? row["test_imports"].join("\n") : "";
  // It may make objects of the solution's classes: it runs with each assertion, when there is a solution.
  const setup = isText(row["test_setup_code"]) ? row["test_setup_code"].trim() : "";
  const asserts = lists.flatMap((list): unknown[] => (Array.isArray(list) ? list : []));
  return {
    id: idOf(row),
    kind: "judge",
    judge: `${imports}\n`,
    asserts: setup === "" ? asserts : asserts.map((each) => (isText(each) ? `${setup}\n${each}` : each)),
    extract: "auto",
    ...(isText(code) ? { gold: code } : {}),
  };
}

const imports = { prefix: dataSetImports, preamble: dataSetImports } as const;

/** `public_test_cases` and `private_test_cases` of `{input, output, testtype}`; a functional one names its function. */
function liveCodeBench(row: Row): Row {
  const cases = [...casesOf(row, "public_test_cases"), ...casesOf(row, "private_test_cases")];
  const metadata = isText(row["metadata"]) ? JSON.parse(row["metadata"]) : (row["metadata"] ?? {});
  const name = (metadata as Row)["func_name"];
  const isCall = cases.some(({ testtype }) => testtype === "functional");
  if (!isCall)
    return {
      id: idOf(row),
      kind: "stdio",
      tests: cases.map(({ input, output }) => ({ input, output })),
      compare: "numbers",
      ...imports,
    };
  if (!isText(name)) throw bad(row, "has functional tests and no metadata.func_name");
  return {
    id: idOf(row),
    kind: "call",
    function: `Solution.${name}`,
    tests: cases.map(({ input, output }) => ({
      args: input
        .split("\n")
        .filter((line) => line.trim() !== "")
        .map(parseMarkedJson),
      expected: parseMarkedJson(output),
    })),
    ...imports,
  };
}

interface Case {
  readonly input: string;
  readonly output: string;
  readonly testtype: unknown;
}

function casesOf(row: Row, name: string): Case[] {
  const given = row[name];
  if (given === undefined || given === null || given === "") return [];
  let list: unknown = given;
  if (isText(given)) {
    try {
      list = JSON.parse(given);
    } catch {
      throw bad(row, `${name} is no JSON: unpack the compressed form first, for it may hold any program`);
    }
  }
  if (!Array.isArray(list)) throw bad(row, `${name} is no list`);
  return list.map((each: Row) => ({
    input: String(each["input"]),
    output: String(each["output"]),
    testtype: each["testtype"],
  }));
}

/** `input_output` of `{inputs, outputs, fn_name?}`, and `solutions`. Its own grader has numpy's tolerances for floats. */
function apps(row: Row): Row {
  const given = row["input_output"];
  const table = (isText(given) ? parseMarkedJson(given) : given) as Record<string, JsonValue>;
  const [inputs, outputs] = [table["inputs"], table["outputs"]];
  if (!Array.isArray(inputs) || !Array.isArray(outputs) || inputs.length !== outputs.length)
    throw bad(row, "input_output has not as many outputs as inputs");
  const solutions: unknown = isText(row["solutions"]) ? JSON.parse(row["solutions"]) : row["solutions"];
  const gold: { readonly gold?: string } =
    Array.isArray(solutions) && isText(solutions[0]) ? { gold: dataSetImports + solutions[0] } : {};
  const name = table["fn_name"];
  if (name === undefined || name === null) {
    const text = (value: unknown): string => (Array.isArray(value) ? value.join("\n") : textOf(value));
    const tests = inputs.map((input, at) => ({ input: text(input), output: text(outputs[at]) }));
    const compare = { relTol: 1e-5, absTol: 1e-8 };
    return { id: idOf(row), kind: "stdio", tests, compare, ...imports, ...gold };
  }
  // The data set wraps each result in a list of one.
  const isWrapped = outputs.every((output) => Array.isArray(output) && output.length === 1);
  const isMethod = (gold.gold ?? "").includes("class Solution");
  return {
    id: idOf(row),
    kind: "call",
    function: isMethod ? `Solution.${textOf(name)}` : textOf(name),
    tests: inputs.map((args, at) => ({
      args,
      expected: isWrapped ? (outputs[at] as JsonValue[])[0] : outputs[at],
    })),
    ...imports,
    ...gold,
  };
}

function idOf(row: Row): string {
  for (const name of ["id", "task_id", "question_id", "problem_id"])
    if (row[name] !== undefined && row[name] !== null) return textOf(row[name]);
  throw new SameseedError("bad_argument", "a row has none of id, task_id, question_id and problem_id");
}

/** A text or number of a row as a text. */
export function textOf(value: unknown): string {
  return isText(value) ? value : JSON.stringify(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function bad(row: Row, problem: string): SameseedError {
  return new SameseedError("bad_argument", `task ${idOf(row)} ${problem}`);
}
