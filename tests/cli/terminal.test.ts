/*
 * Names and messages of others on their way to a terminal: folders, environment and policy files, exceptions, info keys.
 * Every command that prints them is run with names that would set the title, clear the screen and turn the direction.
 */
import { afterAll, beforeAll, expect, test } from "vitest";

import { Workplace } from "./sameseed.ts";

const evil = "\u001b]0;owned\u0007\u009b2J\u202e\u007f";
const file = `env${evil}.py`;
const folder = `run${evil}`;
const environment = `
import gymnasium
from gymnasium import spaces

EVIL = ${JSON.stringify(evil)}


class Evil(gymnasium.Env):
    observation_space = spaces.Discrete(2)
    action_space = spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return 0, {EVIL: EVIL}

    def step(self, action):
        raise ValueError(EVIL + "\\n" + EVIL)
`;
const policy = `
def choose_action(board, player, rng):
    raise ValueError(${JSON.stringify(evil)})
`;

let place: Workplace;

beforeAll(() => {
  place = new Workplace({ [file]: environment, [`policy${evil}.py`]: policy });
});
afterAll(() => place[Symbol.dispose]());

/** What must never reach a terminal: everything that acts on one, but the line feed. */
const acts = /[^\n\P{Cc}]|[\p{Cf}\u2028\u2029]/u;

const silent: ReadonlySet<string> = new Set(["verify", "replay"]);
const named = (command: readonly string[]): string =>
  command.includes("--json") ? "\\u001b]0;owned" : "\\x1b]0;owned";

test("run, show, verify, replay and audit print what others named, and nothing of it acts", async () => {
  const env = `${file}:Evil`;
  const commands = [
    ["run", env, "--seeds", "1,2", "--out", folder],
    ["run", env, "--seeds", "1,2", "--out", folder],
    ["run", env, "--seeds", "1,2", "--out", `${folder}2`, "--json"],
    ["show", folder, "--seed", "1"],
    ["show", folder, "--seed", "1", "--json"],
    ["verify", folder],
    ["verify", folder, "--json"],
    ["replay", folder, "--seed", "1"],
    ["audit", env, "--max-steps", "2"],
    ["run", `${evil}.py:Evil`],
    ["run", evil],
    [evil],
    ["run", "CartPole-v1", `--${evil}`],
  ];
  for (const command of commands) {
    const { stdout, stderr } = await place.run(command);
    expect(stdout, JSON.stringify(command)).not.toMatch(acts);
    expect(stderr, JSON.stringify(command)).not.toMatch(acts);
    // What a command says of a name it says readably; some have nothing to say of it.
    if (!silent.has(command[0]!)) expect(stdout + stderr, JSON.stringify(command)).toContain(named(command));
  }
});

test("eval, league and policy check print a policy's name and fault, and nothing of them acts", async () => {
  const name = `policy${evil}.py`;
  const commands = [
    ["eval", "--x", name, "--o", "random", "--seeds", "1", "--games", "2"],
    ["eval", "--x", name, "--o", "random", "--seeds", "1", "--games", "2", "--json"],
    ["league", name, "random", "--games", "2"],
    ["policy", "check", name, "--games", "1"],
    ["play", "tictactoe", "--against", name, "--as", "O"],
  ];
  for (const command of commands) {
    const { stdout, stderr } = await place.run(command);
    expect(stdout, JSON.stringify(command)).not.toMatch(acts);
    expect(stderr, JSON.stringify(command)).not.toMatch(acts);
    // What a command says of a name it says readably; some have nothing to say of it.
    if (!silent.has(command[0]!)) expect(stdout + stderr, JSON.stringify(command)).toContain(named(command));
  }
});
