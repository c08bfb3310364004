/* The example plays with moves piped in, and prints what the guide says it does. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";

const root = join(import.meta.dirname, "..", "..");
const guide = readFileSync(join(root, "docs/guide/tictactoe.md"), "utf8");
let lines: readonly string[] = [];

function runExample(moves: string): { readonly status: number | null; readonly lines: readonly string[] } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "examples/tictactoe.ts")], {
    encoding: "utf8",
    input: moves,
    timeout: 170_000,
  });
  expect(stderr).toBe("");
  return { status, lines: stdout.trimEnd().split("\n") };
}

beforeAll(() => {
  const ended = runExample("4\n6\n1\n3\n8\n");
  lines = ended.lines;
  expect(ended.status).toBe(0);
});

it("prints the guide's table: three matchups of a hundred games", () => {
  const table = lines.slice(0, lines.indexOf(""));
  expect(table).toHaveLength(4);
  expect(table.slice(1).every((line) => /^\w+ +\w+ +100( +\d+){3} +[+-]\d\.\d\d \[[+-]/.test(line))).toBe(
    true,
  );
  expect(guide).toContain(
    ["```", "$ printf '4\\n6\\n1\\n3\\n8\\n' | node examples/tictactoe.ts", ...table, "```"].join("\n"),
  );
});

it("plays the guide's game against the learned policy, which does not lose", () => {
  const game = lines.slice(lines.indexOf("") + 1, -1);
  expect(game.at(-1)).toMatch(/^(it wins|a draw)$/);
  expect(guide).toContain(["```", ...game, "```"].join("\n"));
});

it("and says which rollout the game is", () => {
  expect(lines.at(-1)).toMatch(/^recorded: sha256:[0-9a-f]{64}$/);
});

it("leaves a game that the input leaves", () => {
  const ended = runExample("0\n");
  expect(ended.status).toBe(1);
  expect(ended.lines.slice(-2)).toEqual(["not finished", "recorded: nothing"]);
});
