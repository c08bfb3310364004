/* What `--help` and an error of the command line tell somebody who is new: one example each, in 80 columns, and the word that was meant. */
import { CommanderError, type Command } from "commander";
import { describe, expect, it } from "vitest";

import { isSameseedError } from "../../../src/base/error.ts";
import { misuse } from "../../../src/cli/misuse.ts";
import { makeProgram } from "../../../src/cli/program.ts";
import { helpText } from "../../../src/cli/render/help-text.ts";

const commandsBelow = (command: Command, name = "sameseed"): [string, Command][] => [
  [name, command],
  ...command.commands.flatMap((each) => commandsBelow(each, `${name} ${each.name()}`)),
];
const commands = commandsBelow(await makeProgram(() => {}));

/** A command's help as an 80 column terminal gets it. */
function helpOf(command: Command): string[] {
  let text = "";
  command.configureOutput({
    writeOut: (part) => (text += helpText(part)),
    getOutHelpWidth: () => 80,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text.split("\n");
}

/** Examples may be longer than a line: they are copied. */
const isExample = (line: string): boolean => /^ {2}(?:[A-Z_]+=\S+ )?sameseed /.test(line);

describe.each(commands)("the help of %s", (name, command) => {
  const lines = helpOf(command);

  it("fits 80 columns", () => {
    expect(lines.filter((line) => line.length > 80 && !isExample(line))).toEqual([]);
  });

  it("has an example of the command", () => {
    const own = lines.filter((line) => isExample(line) && `${line.trim()} `.startsWith(`${name} `));
    expect(own.length).toBeGreaterThan(0);
  });
});

describe("help", () => {
  it("wraps prose, and leaves indented lines and short ones", () => {
    const words = "word ".repeat(30).trim();
    const wrapped = helpText(`Examples:\n  ${words}\n\n${words}\nend.\n`);
    expect(wrapped.split("\n").slice(0, 3)).toEqual(["Examples:", `  ${words}`, ""]);
    const prose = wrapped.split("\n").slice(3, -1);
    expect(prose.every(({ length }) => length <= 80)).toBe(true);
    expect(prose.join(" ")).toBe(`${words} end.`);
    expect(helpText("one\ntwo\n")).toBe("one\ntwo\n");
    expect(helpText("one\ntwo")).toBe("one\ntwo");
  });

  it("uses a wide terminal's width", () => {
    const words = "word ".repeat(30).trim();
    expect(helpText(words, 200)).toBe(words);
  });
});

describe("a word that is not known", () => {
  const hintOf = async (line: string): Promise<string | undefined> => {
    const args = line.split(" ");
    const program = await makeProgram(() => {}, args);
    try {
      program.parse(args, { from: "user" });
    } catch (error) {
      if (error instanceof CommanderError) return misuse(program, args, error.message).hint;
      if (isSameseedError(error)) return error.hint;
      throw error;
    }
    return undefined;
  };

  it.each([
    ["rnu", "did you mean run?"],
    ["version", "did you mean --version?"],
    ["-v", "did you mean -V?"],
    ["image bild", "did you mean build?"],
    ["score redteem", "did you mean `sameseed score redteam`?"],
    ["score chekc tasks.jsonl more", "did you mean `sameseed score check`?"],
    ["run CartPole-v1 --seed 3", "did you mean --seeds?"],
    ["run CartPole-v1 --world hots", "did you mean host?"],
    ["export runs/a --format parqet", "did you mean parquet?"],
  ])("gets the one that was meant: %s", async (line, hint) => {
    expect(await hintOf(line)).toBe(hint);
  });

  it.each([
    ["xyzzy", "`sameseed --help` shows every command"],
    ["image build mine --xyzzy", "`sameseed image build --help` shows what it takes, with examples"],
    ["run CartPole-v1 --world xyzzy", "`sameseed run --help` shows what it takes, with examples"],
    ["score tasks.jsonl", "`sameseed score --help` shows what it takes, with examples"],
  ])("or the help that knows more, where none is near: %s", async (line, hint) => {
    expect(await hintOf(line)).toBe(hint);
  });
});
