/* Whatever runs sandboxes takes the same options, with the same names, words and defaults. */
import type { Command, Option } from "commander";
import { describe, expect, it, test } from "vitest";

import { makeProgram } from "../../../src/cli/program.ts";
import { defaultLimits } from "../../../src/model/limits.ts";

const program = await makeProgram(() => {});

/** Every command that does something, by its whole name. */
const leaves = (command: Command, name = ""): [string, Command][] =>
  command.commands.length === 0
    ? [[name.trim(), command]]
    : command.commands.flatMap((each) => leaves(each, `${name} ${each.name()}`));
const commands = new Map(leaves(program));

const places = ["--image", "--backend", "--cold", "--world"];
const limits = ["--wall-ms", "--cpu-ms", "--memory-mb", "--processes", "--disk-mb", "--output-bytes"];
const rerun = ["--backend", "--cold"];

/** What each command offers of what decides where and how something runs. */
const table: Readonly<Record<string, readonly string[]>> = {
  run: [...places, "--env-arg", ...limits],
  eval: [...places, "--env-arg", ...limits],
  compare: [...places, "--env-arg", ...limits],
  play: [...places, "--env-arg", ...limits],
  "policy check": [...places, "--env-arg", ...limits],
  league: [...places, "--env-arg", ...limits],
  // Tic-tac-toe takes no arguments.
  train: [...places, ...limits],
  // What runs is a command, not an environment.
  exec: [...places, ...limits],
  // Every world of an audit has zygotes of its own, and one of them is the cold start.
  audit: ["--image", "--world", "--env-arg", ...limits],
  // Warm, cold and beside busy sandboxes are its own comparisons.
  check: ["--image", "--world", "--env-arg", ...limits],
  // Image, world, limits and arguments are those of the recording.
  verify: rerun,
  replay: rerun,
  branch: rerun,
  // Look at the machine and its walls.
  attack: ["--image", "--backend"],
  doctor: ["--image"],
  show: [],
  diff: [],
  view: [],
  export: [],
  // A task names its image and its limits.
  "score check": [],
  "score redteam": [],
  "image build": [],
  "image export": [],
  "image import": [],
  "image list": [],
  "image lock": [],
  "image prune": [],
  "image pull": [],
  "image push": [],
  "image rm": [],
  "image show": [],
  "image verify": [],
  // Each request says in which image and world, and within which limits.
  serve: [],
  // Each chunk brings what its run was asked to be.
  worker: [],
  "fleet status": [],
  "fleet audit": [],
  "fleet cancel": [],
  "fleet release": [],
  setup: [],
  bench: [],
};

/** Options that mean the same wherever they are; `--wall-ms` is of different things. */
const same = new Set([...places, ...limits, "--env-arg", "--mode", "--concurrency"]);
const optionOf = (command: string, name: string): Option | undefined =>
  commands.get(command)?.options.find(({ long }) => long === name);

test("every command is in the table", () => {
  expect([...commands.keys()].sort()).toEqual(Object.keys(table).sort());
});

describe.each(Object.entries(table))("sameseed %s", (name, wanted) => {
  it("offers what there is to say of where it runs", () => {
    const known = new Set([...places, ...limits, "--env-arg"]);
    const offered = commands.get(name)!.options.flatMap(({ long }) => (known.has(long!) ? [long!] : []));
    const own = name === "attack" ? offered.filter((each) => wanted.includes(each)) : offered;
    expect(own.sort()).toEqual([...wanted].sort());
  });

  it("words every shared option as the others do", () => {
    for (const option of commands.get(name)!.options) {
      if (!same.has(option.long!) || name === "attack") continue;
      const others = Object.keys(table).filter((other) => other !== "attack");
      const choices = new Set(
        others.flatMap((other) => optionOf(other, option.long!)?.argChoices?.join() ?? []),
      );
      expect(choices.size).toBeLessThan(2);
      const flags = new Set(others.flatMap((other) => optionOf(other, option.long!)?.flags ?? []));
      expect([...flags]).toEqual([option.flags]);
    }
  });

  it("has the SDK's defaults", () => {
    const standard: Readonly<Record<string, number>> = {
      "--cpu-ms": defaultLimits.cpuMs,
      "--memory-mb": defaultLimits.memoryMb,
      "--processes": defaultLimits.processes,
      "--disk-mb": defaultLimits.diskMb,
      "--output-bytes": defaultLimits.outputBytes,
    };
    for (const [option, value] of Object.entries(standard)) {
      const found = optionOf(name, option);
      // A command's processor time goes with its wall time.
      if (found !== undefined && !(name === "exec" && option === "--cpu-ms"))
        expect(found.description).toContain(`(default: ${value})`);
    }
    const world = optionOf(name, "--world");
    if (world !== undefined && name !== "attack")
      expect(world.defaultValue).toBe(name === "exec" ? "host" : "sealed");
    if (wanted === rerun) expect(optionOf(name, "--backend")?.defaultValue).toBeUndefined();
    else if (wanted.includes("--backend")) expect(optionOf(name, "--backend")?.defaultValue).toBe("zygote");
  });
});
