import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

import { resolvePlayers } from "../../../src/evaluate/league/league-players.ts";
import { resolveOpponent } from "../../../src/evaluate/learning/opponent.ts";
import { resolveGame, type SeatPolicyInput } from "../../../src/games/game-spec.ts";
import { readPolicyInput } from "../../../src/rollout/policy-input.ts";
import { resolveOptions, type PolicyInput } from "../../../src/rollout/rollout-config.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-policies-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const text = "def choose_action(board, player, rng):\n    return 0\n";
for (const name of ["bot.py", "random", "notes.txt"]) writeFileSync(join(folder, name), text);

const forms = { names: ["random"], defines: "act(observation, rng)", actions: true, none: true };
const bad = expect.objectContaining({ code: "bad_policy" });

test("text, paths, actions and nobody are told apart by their shape", () => {
  expect(readPolicyInput("random", forms)).toEqual({ kind: "named", name: "random" });
  expect(readPolicyInput(join(folder, "bot.py"), forms)).toEqual({
    kind: "source",
    name: "bot.py",
    source: text,
  });
  // A path as an object is a file whatever it is called: also where its name is that of a built-in policy.
  expect(readPolicyInput({ path: join(folder, "random") }, forms)).toEqual({
    kind: "source",
    name: "random.py",
    source: text,
  });
  // A text as an object is a text whatever it looks like.
  expect(readPolicyInput({ source: "bot.py" }, forms)).toEqual({
    kind: "source",
    name: "policy.py",
    source: "bot.py",
  });
  expect(readPolicyInput({ actions: [0] }, forms)).toEqual({ kind: "actions", actions: [0] });
  expect(readPolicyInput({ none: true }, forms)).toEqual({ kind: "none" });
});

test("what could be either is refused, and the hint says how to say which", () => {
  expect(() => readPolicyInput(text, forms)).toThrow(
    expect.objectContaining({ code: "bad_policy", hint: "give the text of a policy as { source }" }),
  );
  // A text that happens to end like a path is still no path.
  expect(() => readPolicyInput("import os\nx = bot.py", forms)).toThrow(bad);
  expect(() => readPolicyInput(join(folder, "notes.txt"), forms)).toThrow(
    expect.objectContaining({ code: "bad_policy", hint: expect.stringContaining("{ path }") }),
  );
  const hintOf = (input: unknown): unknown => {
    try {
      return readPolicyInput(input, forms);
    } catch (error) {
      return (error as { hint?: string }).hint;
    }
  };
  // A command line has no objects: what it cannot say is not proposed.
  expect(hintOf("clever")).toMatch(/^use `random`, the path of a \.py file that defines [^{]+$/);
  expect(hintOf("radnom")).toBe("did you mean random?");
  expect(hintOf(7)).toContain("{ path }, { source }, { actions }, { none: true }");
  expect(() => readPolicyInput({ source: text, path: "bot.py" }, forms)).toThrow(bad);
  expect(() => readPolicyInput({ source: text, nmae: "x.py" }, forms)).toThrow(
    expect.objectContaining({ hint: "did you mean name?" }),
  );
  for (const other of [
    null,
    undefined,
    7,
    [],
    {},
    { source: 7 },
    { path: "" },
    { path: 3 },
    { source: "", name: "x" },
  ])
    expect(() => readPolicyInput(other, forms)).toThrow(bad);
  expect(() => readPolicyInput({ actions: [1n] }, forms)).toThrow(
    expect.objectContaining({ code: "bad_actions" }),
  );
});

test("every place that takes a policy takes the same forms", () => {
  const path = { path: join(folder, "random") };
  const read = { kind: "source", name: "random.py", source: text };
  expect(resolveOptions({ envName: "CartPole-v1", policy: path }).template.seats[0]!.policy).toEqual(read);
  const { seats } = resolveGame({ game: "tictactoe", seats: [path, { source: text }] }).template;
  expect(seats).toMatchObject([{ policy: read }, { policy: { ...read, name: "policy.py" } }]);
  expect(resolveOpponent(path)).toEqual(read);
  expect(resolvePlayers([path, "random"]).map(({ digest }) => digest === null)).toEqual([false, true]);

  const typo = "greedyy" as string & PolicyInput & SeatPolicyInput;
  expect(() => resolveOptions({ envName: "CartPole-v1", policy: typo })).toThrow(bad);
  expect(() => resolveGame({ game: "tictactoe", seats: [typo, "random"] })).toThrow(bad);
  expect(() => resolveOpponent(typo)).toThrow(bad);
  expect(() => resolvePlayers([typo, "random"])).toThrow(bad);
});

test("a folder of a league says that it is one", () => {
  expect(resolvePlayers([`${folder}/`, "random"]).map(({ name }) => name)).toEqual(["bot", "random"]);
  expect(resolvePlayers([{ folder }, "random"]).map(({ name }) => name)).toEqual(["bot", "random"]);
  expect(() => resolvePlayers([folder, "random"])).toThrow(bad);
});
