/* A person's game over a pipe: what is said, what is recorded, how it ends. */
import { existsSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";

import { RunReader } from "../../src/store/run-reader.ts";
import { linesOf, startSameseed, Workplace, type Ended } from "./sameseed.ts";

const first = "def choose_action(board, player, rng):\n    return board.index(None)\n";
const place = new Workplace({
  "first.py": first,
  "chance.py":
    "def choose_action(board, player, rng):\n    return rng.choice([c for c in range(9) if board[c] is None])\n",
  "crash.py":
    "def choose_action(board, player, rng):\n    if any(board):\n        raise ValueError('\\x1b[2Jno more')\n    return 0\n",
  "loops.py": "def choose_action(board, player, rng):\n    while True:\n        pass\n",
  "broken.py": "def choose_action(\n",
});
afterAll(() => place[Symbol.dispose]());

async function play(args: readonly string[], lines: readonly string[]): Promise<Ended> {
  return await place.run(["play", "tictactoe", ...args], {
    input: lines.map((line) => `${line}\n`).join(""),
  });
}

/** The lines that tell moves and the end, without boards. */
function story({ stdout }: Ended): string[] {
  return linesOf(stdout).filter((line) => !/[│┼]|^type a move/.test(line));
}

describe("a game over a pipe", () => {
  it("says each move and the end, has no prompts, and is recorded as a rollout that verifies", async () => {
    const ended = await play(
      ["--as", "X", "--against", "first.py", "--seed", "3", "--out", "won"],
      ["4", "2", "6"],
    );
    expect(ended.code, ended.stderr).toBe(0);
    expect(story(ended)).toEqual([
      "tictactoe · you are X against first.py; you move first · seed 3",
      "you play 4",
      "first.py plays 0",
      "you play 2",
      "first.py plays 1",
      "you play 6",
      "you win",
    ]);
    expect(ended.stdout).not.toContain("\u001b");
    expect(ended.stdout).not.toContain("> ");
    expect(ended.stdout).toContain(["   O │ O │[X]", "  ───┼───┼───", "   3 │[X]│ 5", ""].join("\n"));
    expect(ended.stderr).toContain("recorded in won");
    const verified = await place.run(["verify", "won"]);
    expect(verified.code, verified.stderr).toBe(0);
  });

  it("is the same whichever way it was gone: moves taken back leave nothing behind", async () => {
    const args = ["--as", "O", "--against", "chance.py", "--seed", "9"];
    const straight = await play([...args, "--out", "straight"], ["resign"]);
    expect(straight.code).toBe(0);
    const opening = story(straight)[1]!;
    expect(opening).toMatch(/^chance\.py plays \d$/);
    const cells = [0, 1, 2, 3, 4, 5, 6, 7, 8].map(String).filter((cell) => !opening.endsWith(cell));
    const [a = "", b = "", ...others] = cells;
    // Cells that are taken when their turn comes are refused, which costs nothing.
    const plain = await play([...args, "--out", "plain"], [b, ...cells]);
    const turned = await play(
      [...args, "--out", "turned"],
      ["back", a, "hint", others[0]!, "back", "back", "help", b, ...cells],
    );
    expect([plain.code, turned.code]).toEqual([0, 0]);
    expect(turned.stdout).toContain("you have made no move that could be taken back");
    expect(turned.stdout).toContain(`you take ${a} back`);
    expect(turned.stdout).toMatch(/with perfect play: .*(draws|loses|wins)/);
    expect(story(turned).at(-1)).toBe(story(plain).at(-1));
    expect(await digestOf("plain")).toMatch(/^sha256:/);
    expect(await digestOf("turned")).toBe(await digestOf("plain"));
  });

  it("can be begun again in the other seat, and refuses what it does not understand", async () => {
    const ended = await play(
      ["--against", "first.py", "--seed", "1", "--out", "swapped"],
      ["0", "swap", "nine", "0", "9", "4", "", "resign"],
    );
    expect(ended.code).toBe(0);
    expect(story(ended)).toEqual([
      "tictactoe · you are X against first.py; you move first · seed 1",
      "you play 0",
      "first.py plays 1",
      "tictactoe · you are O against first.py; first.py moves first · seed 1",
      "first.py plays 0",
      '"nine" is neither a move nor a word; `help` lists them',
      '"0" is not legal here; legal: 1 2 3 4 5 6 7 8',
      '"9" is not legal here; legal: 1 2 3 4 5 6 7 8',
      "you play 4",
      "first.py plays 1",
      "you resign: first.py wins",
    ]);
    expect((await place.run(["verify", "swapped"])).code).toBe(0);
  });

  it("is left where the input ends, recorded as far as it came", async () => {
    const ended = await play(["--against", "minimax", "--seed", "1", "--out", "left"], ["4"]);
    expect(ended.code).toBe(1);
    expect(story(ended).at(-1)).toBe("the game ends without a winner");
    expect((await place.run(["verify", "left"])).code).toBe(0);
  });
});

describe("a policy that fails loses, in one clear line:", () => {
  it.for([
    ["crash.py", String.raw`you win: crash.py forfeits by crash at move 2: ValueError: \x1b[2Jno more`],
    [
      "loops.py",
      "you win: loops.py forfeits by cpu_limit at move 2: the policy used more than 1000 ms of CPU time for one move",
    ],
    [
      "broken.py",
      "you win: broken.py forfeits by no_policy at move 1: the policy does not compile: '(' was never closed (broken.py, line 1)",
    ],
  ] as const)("%s", async ([policy, line]) => {
    const ended = await play(["--against", policy, "--seed", "1", "--out", `lost-${policy}`], ["4"]);
    expect(story(ended).at(-1)).toBe(line);
    expect(ended.code).toBe(0);
    expect(existsSync(place.path(`lost-${policy}`, "run.json"))).toBe(true);
  });
});

describe("the end from outside", () => {
  it("by Ctrl-C ends the sandboxes and records nothing", async () => {
    const { child, ended } = startSameseed(["play", "tictactoe", "--seed", "1", "--out", "cut"], {
      cwd: place.folder,
      keepOpen: true,
    });
    let shown = "";
    child.stdout!.on("data", (data: Buffer) => {
      shown += data.toString();
      if (shown.includes("6 │ 7 │ 8")) child.kill("SIGINT");
    });
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toContain("interrupted; the game is not recorded");
    expect(existsSync(place.path("cut"))).toBe(false);
  });

  it.for([
    [["--against", "missing.py"], /cannot be read/],
    [["--against", "expert"], /neither a built-in policy nor a Python file/],
    [["--as", "Z"], /Allowed choices are X, O/],
    [["--seed", "-1"], /seed/],
  ] as const)("%j is misuse", async ([args, message]) => {
    const ended = await play(args, []);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(message);
    expect(ended.stdout).toBe("");
  });

  it("an unknown game is misuse", async () => {
    const ended = await place.run(["play", "pettingzoo:atari/pong_v3"]);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain("only the classic games are turn-based");
  });
});

async function digestOf(folder: string): Promise<string> {
  using reader = await RunReader.open(place.path(folder));
  return [...reader.rows()].map(({ digest }) => digest).join();
}
