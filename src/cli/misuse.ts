import type { Command } from "commander";

import { SameseedError } from "../base/error.ts";
import { nearestName } from "../base/known-options.ts";

/**
 * Commander's words for a command line that cannot be parsed, as an error with a fix: the word that was meant where one is near,
 * else the help that says more.
 * @param message what commander says
 * @param args everything after `sameseed`
 */
export function misuse(program: Command, args: readonly string[], message: string): SameseedError {
  const [first = "", ...rest] = message.replace(/^error: /, "").split("\n");
  const similar = /^\(Did you mean (.+)\?\)$/.exec(rest.join(" ").trim())?.[1];
  const { command, line, next } = named(program, args);
  const meant = flagMeant(program, first) ?? subcommandMeant(command, line, next) ?? choiceMeant(first);
  const suggestion = meant ?? similar;
  const help =
    command === program
      ? "`sameseed --help` shows every command"
      : `\`${line} --help\` shows what it takes, with examples`;
  return new SameseedError("bad_argument", first, {
    hint: suggestion === undefined ? help : `did you mean ${suggestion}?`,
  });
}

/** The command that a line names, the words that name it, and the word after them. */
function named(
  program: Command,
  args: readonly string[],
): { readonly command: Command; readonly line: string; readonly next: string | undefined } {
  let command = program;
  let at = 0;
  for (; at < args.length; at++) {
    const found = command.commands.find((each) => each.name() === args[at]);
    if (found === undefined) break;
    command = found;
  }
  return { command, line: ["sameseed", ...args.slice(0, at)].join(" "), next: args[at] };
}

/** `version` is meant as `--version`, and `-v` as `-V`. */
function flagMeant(program: Command, message: string): string | undefined {
  const word = /^unknown (?:command|option) '(.+)'$/.exec(message)?.[1];
  if (word === undefined) return undefined;
  const flags = program.options.flatMap(({ long, short }) => [long, short]);
  const meant = word.startsWith("-") ? word.toUpperCase() : `--${word}`;
  return flags.includes(meant) ? meant : undefined;
}

/** A command that takes arguments of its own takes a mistyped subcommand for the first of them. */
function subcommandMeant(command: Command, line: string, next = ""): string | undefined {
  if (command.registeredArguments.length === 0) return undefined;
  const meant = nearestName(
    next,
    command.commands.map((each) => each.name()),
  );
  return meant === undefined ? undefined : `\`${line} ${meant}\``;
}

function choiceMeant(message: string): string | undefined {
  const found = /argument '(.*)' is invalid\. Allowed choices are (.*)\.$/.exec(
    `${message.replace(/\.$/, "")}.`,
  );
  return found === null ? undefined : nearestName(found[1]!, found[2]!.split(", "));
}
