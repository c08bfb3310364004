/* What pages show to be typed is right: TypeScript has the types of the package, commands and options exist. */
import { describe, expect, it } from "vitest";

import { blocks, pages, read } from "./pages.ts";
import { commandLines, misparsed, namedCommands, typeErrors, unknownParts } from "./snippets.ts";

/** The page of declarations shows types, not programs. */
const written = pages().filter((page) => page !== "docs/reference/api.md");

describe("TypeScript on a page", () => {
  const snippets = Object.fromEntries(
    written.flatMap((page) =>
      blocks(read(page))
        .filter(({ language }) => language === "ts" || language === "js")
        .map(({ text, line }) => [`${page.replaceAll("/", "-")}-${line}`, text]),
    ),
  );

  it("has the types of the package", () => {
    expect(Object.keys(snippets).length).toBeGreaterThanOrEqual(8);
    expect(typeErrors(snippets)).toBe("");
  });

  it("would be found out with a wrong option, name or type", () => {
    const errors = typeErrors({
      right: `import { runRollout } from "sameseed";\nawait runRollout({ envName: "CartPole-v1", seed: 1 });\n`,
      option: `import { runRollout } from "sameseed";\nawait runRollout({ envName: "CartPole-v1", sead: 1 });\n`,
      name: `import { runRolout } from "sameseed";\nawait runRolout();\n`,
      type: `import { verifyRun } from "sameseed";\nconst { verified }: { verified: string } = await verifyRun("runs");\n`,
    });
    const named = [...errors.matchAll(/^(\w+)\.ts/gm)].map(([, name]) => name);
    expect(new Set(named)).toEqual(new Set(["name", "option", "type"]));
  });
});

describe("a command", () => {
  it.for(written)("that %s shows can be parsed", async (page) => {
    const lines = commandLines(read(page));
    const wrong = await Promise.all(lines.map(async (args) => [args.join(" "), await misparsed(args)]));
    expect(wrong.filter(([, message]) => message !== undefined)).toEqual([]);
  });

  it.for(pages())("that %s names exists, with its options", async (page) => {
    const unknown = await Promise.all(namedCommands(read(page)).map(unknownParts));
    expect(unknown.flat()).toEqual([]);
  });

  it("is looked for in every form in which pages show one", () => {
    const page = [
      "```",
      "$ npx sameseed run CartPole-v1 --seeds 42..45",
      "printf '4\\n' | npx sameseed play tictactoe",
      "sameseed verify runs/lake --deep      with an explanation",
      "sameseed: interrupted; 3 rollouts",
      "```",
      "`sameseed doctor` checks the host.",
    ].join("\n");
    expect(commandLines(page).map(([name]) => name)).toEqual(["run", "play", "verify"]);
    expect(namedCommands(page)).toEqual([["doctor"]]);
    expect(written.flatMap((each) => commandLines(read(each))).length).toBeGreaterThan(60);
  });

  it.each([
    ["run CartPole-v1 --sedes 1", "--sedes"],
    ["run CartPole-v1 --seeds one", "one"],
    ["run CartPole-v1 --world sea", "sea"],
    ["rum CartPole-v1", "rum"],
    ["verify", "DIR"],
  ])("that is wrong would be noticed: %s", async (line, part) => {
    expect(await misparsed(line.split(" "))).toContain(part);
  });

  it.each([
    ["verify --deeep", ["no option --deeep of verify"]],
    ["image build|burn", ["no command burn"]],
    ["exec -- python3 --version", []],
  ])("that is named, %s, is told from one that does not exist", async (line, found) => {
    expect(await unknownParts(line.split(" "))).toEqual(found);
  });
});
