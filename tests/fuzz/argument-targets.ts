import { CommanderError, type Command } from "commander";

import { collectEnvArgs, parseEnvArg } from "../../src/cli/parse/env-args.ts";
import { parseExactJson } from "../../src/cli/parse/exact-json.ts";
import { parseSeeds } from "../../src/cli/parse/seeds.ts";
import { resumeCommand } from "../../src/cli/parse/shell-words.ts";
import { makeProgram } from "../../src/cli/program.ts";
import { resolveOptions, type RolloutOptions } from "../../src/rollout/rollout-config.ts";
import { mustHold, parseWith, type FuzzTarget } from "./fuzz-target.ts";

/* What a person or program writes on a command line or hands to the SDK. */

const commandLines = [
  "run CartPole-v1 --seeds 42..45 --json",
  "run envs.py:Maze --policy left.py --env-arg size=5 --env-arg name=4x4 --max-steps 10 --out runs/a --resume",
  'run Taxi-v4 --seeds 1,5,9 --volatile-info episode.t --env-arg desc=["SF","HG"] --wall-ms 2000 --memory-mb 64',
  "run CartPole-v1 --actions actions.json --concurrency 4 --cold --cpu-ms 500 --image gymnasium --ndjson",
  "verify runs/a --sample 10 --json",
  "replay runs/a --seed 42",
  "show runs/a --seed 42 --json",
  "exec --memory-mb 64 -- python3 -c print(1)",
  "image build mine --requirements lock.txt",
  "image list --json",
  "doctor --json",
  "help run",
  "--version",
];

function silence(command: Command): Command {
  command.configureOutput({ writeOut: () => {}, writeErr: () => {} });
  for (const each of command.commands) silence(each);
  return command;
}

const commandLine: FuzzTarget = {
  name: "command line",
  examples: commandLines.map((line) => Buffer.from(line.replaceAll(" ", "\0"))),
  cost: 20,
  check: async (bytes) => {
    const args = bytes.toString().split("\0");
    try {
      await silence(await makeProgram(() => {}, args)).parseAsync(args, { from: "user" });
    } catch (error) {
      if (!(error instanceof CommanderError)) parseWith(["bad_argument"], () => raise(error));
    }
    const [first, ...rest] = resumeCommand(args, "folder").split(" ");
    mustHold(first === "sameseed" && rest.at(-1) === "--resume", "no command that resumes");
  },
};

const seeds: FuzzTarget = {
  name: "seeds",
  examples: ["42..45", "1,5,9", "1..3,10", "9007199254740990..9007199254740991", "0"].map((each) =>
    Buffer.from(each),
  ),
  cost: 2,
  check: (bytes) => {
    const text = bytes.toString();
    // A range of millions is right and takes its time.
    if (/\d{6}/.test(text) && text.includes("..")) return;
    const { value } = parseWith(["bad_argument"], () => parseSeeds(text));
    if (value === undefined) return;
    mustHold(value.length > 0 && value.every((seed) => Number.isSafeInteger(seed) && seed >= 0), "not seeds");
    mustHold(
      value.every((seed, at) => at === 0 || seed > value[at - 1]!),
      "not in order, or twice",
    );
  },
};

const environmentArguments: FuzzTarget = {
  name: "environment arguments",
  examples: ["size=5", 'desc=["SF","HG"]', "name=4x4", "p=0.5", 'a={"b":[1,null,true]}', "x=-1e300"].map(
    (each) => Buffer.from(each),
  ),
  cost: 1,
  check: (bytes) => {
    const text = bytes.toString();
    const { value } = parseWith(["bad_argument"], () => collectEnvArgs([parseEnvArg(text)]));
    if (value === undefined) return;
    const [name, argument] = Object.entries(value)[0]!;
    mustHold(text.startsWith(`${name}=`), "another name than was given");
    // What was JSON arrives as it was written; everything else as its own text.
    const written = text.slice(name.length + 1);
    const isJson = JSON.stringify(argument) === JSON.stringify(readJson(written));
    mustHold(isJson || argument === written, "another value than was given");
  },
};

function readJson(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch {
    return undefined;
  }
}

const rightOptions: readonly RolloutOptions[] = [
  { envName: "CartPole-v1", policy: "random", maxSteps: 5, limits: { wallMs: 1000, memoryMb: 64 } },
  { envName: "Taxi-v4", policy: { actions: [0, 1, [2], { a: null }] }, volatileInfo: ["a.b"] },
  {
    envName: "Blackjack-v1",
    policy: { source: "def act(o, rng): return 0", name: "p.py" },
    envArgs: { sab: true },
  },
];

const options: FuzzTarget = {
  name: "rollout options",
  examples: rightOptions.map((each) => Buffer.from(JSON.stringify(each))),
  cost: 2,
  check: (bytes) => {
    const json = readJson(bytes.toString());
    const codes = ["bad_argument", "bad_policy", "bad_actions", "unknown_environment"] as const;
    const { value } = parseWith(codes, () => resolveOptions(json as RolloutOptions));
    if (value === undefined) return;
    mustHold(Object.values(value.limits).every(Number.isSafeInteger), "a limit is not a number");
    const { policy } = value.template.seats[0]!;
    mustHold(policy.kind !== "source" || typeof policy.source === "string", "a source is not a text");
    mustHold(policy.kind !== "actions" || Array.isArray(policy.actions), "actions are not a list");
  },
};

function raise(error: unknown): never {
  throw error;
}

/** Everything a caller writes. */
export const argumentTargets: readonly FuzzTarget[] = [commandLine, seeds, environmentArguments, options];
