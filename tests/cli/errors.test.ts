import { closeSync, mkdirSync, openSync, writeFileSync, symlinkSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { errorDocument } from "./documents.ts";
import { linesOf, sources, Workplace } from "./sameseed.ts";

const work = new Workplace(sources);

beforeAll(async () => {
  await work.run(["run", "CartPole-v1", "--seeds", "1", "--out", "taken"]);
  mkdirSync(work.path("full"));
  writeFileSync(work.path("full", "notes.txt"), "mine");
});

afterAll(() => work[Symbol.dispose]());

/** Bad input, its exit code, and what its one sentence says. */
const cases: readonly (readonly [args: string[], code: number, says: RegExp])[] = [
  [["run", "CartPole-v999"], 2, /no environment CartPole-v999; did you mean CartPole-v1/],
  [["run", "no_module:Env-v0"], 2, /no module no_module/],
  [["run", "envs.py"], 2, /does not name the environment's class/],
  [["run", "envs.py:Nothing"], 2, /no class Nothing; it has .*Plain/],
  [["run", "nowhere.py:Env"], 2, /cannot be read/],
  [["run"], 2, /missing required argument 'ENV'/],
  [["run", "CartPole-v1", "--seeds", "45..42"], 2, /reversed/],
  [["run", "CartPole-v1", "--seeds", "9007199254740992"], 2, /beyond 2\^53 - 1/],
  [["run", "CartPole-v1", "--seeds", "0..99999999"], 2, /a run may have 10000000/],
  [["run", "CartPole-v1", "--seeds=-1"], 2, /not a seed/],
  [["run", "CartPole-v1", "--policy", "no_act.py"], 2, /defines neither act/],
  [["run", "CartPole-v1", "--policy", "nowhere.py"], 2, /cannot be read/],
  [["run", "CartPole-v1", "--policy", "clever"], 2, /neither a built-in policy nor a Python file/],
  [["run", "CartPole-v1", "--policy", "left.py", "--actions", "actions.json"], 2, /cannot be used together/],
  [["run", "CartPole-v1", "--actions", "broken.json"], 2, /is not JSON/],
  [["run", "CartPole-v1", "--actions", "object.json"], 2, /does not hold a list/],
  [["run", "CartPole-v1", "--actions", "nowhere.json"], 2, /does not exist/],
  [["run", "CartPole-v1", "--env-arg", "gravity=1"], 2, /cannot be made with these arguments/],
  [["run", "CartPole-v1", "--env-arg", "sutton_barto_reward=True"], 2, /is not JSON/],
  [["run", "CartPole-v1", "--image", "nowhere"], 2, /no image nowhere/],
  [["run", "CartPole-v1", "--image", "../../etc"], 2, /is not a file that `sameseed image export` wrote/],
  [["run", "CartPole-v1", "--concurrency", "0"], 2, /--concurrency/],
  [["run", "CartPole-v1", "--wall-ms", "soon"], 2, /--wall-ms/],
  [["run", "CartPole-v1", "--max-steps", "0"], 2, /--max-steps/],
  [["run", "CartPole-v1", "--resume"], 2, /--resume needs the run.s folder/],
  [["run", "CartPole-v1", "--out", "taken"], 2, /already holds a run/],
  [["run", "CartPole-v1", "--seeds", "1..2", "--out", "taken", "--resume"], 2, /another run: seeds differ/],
  [["run", "CartPole-v1", "--out", "full"], 2, /not a run folder and not empty/],
  [["run", "CartPole-v1", "--out", "/proc/nowhere/run"], 3, /ENOENT/],
  [["run", "CartPole-v1", "--json", "--ndjson"], 2, /cannot be used with/],
  [["run", "CartPole-v1", "--sedes", "1"], 2, /unknown option '--sedes'/],
  [["run", "CartPole-v1", "another"], 2, /too many arguments/],
  [["run", "CartPole-v1", "--world", "moon"], 2, /--world.*Allowed choices are sealed, host/],
  [["run", "CartPole-v1", "--world", "host", "--out", "taken", "--resume"], 2, /another run: .*world/],
  [["exec", "--seed", "3", "--", "true"], 2, /--seed has no effect in the host's world/],
  [["verify", "nowhere"], 2, /not a run folder/],
  [["verify", "envs.py"], 2, /not a run folder/],
  [["verify", "full"], 2, /not a run folder/],
  [["show", "taken", "--seed", "2"], 2, /no rollout of seed 2/],
  [["show", "taken", "--seed", "two"], 2, /not a seed/],
  [["replay", "taken"], 2, /'--seed <N>'/],
  [["exec"], 2, /missing required argument 'COMMAND'/],
  [["exec", "--image", "nowhere", "--", "true"], 2, /no image nowhere/],
  [["image", "build", "gymnasium", "--requirements", "x.lock"], 2, /reserved for the default image/],
  [["image", "build", "other", "--requirements", "nowhere.lock"], 3, /nowhere\.lock/],
  [["image", "rm", "nowhere"], 2, /no image nowhere/],
  [["frobnicate"], 2, /unknown command 'frobnicate'/],
];

describe("bad input", () => {
  it.for(cases)("%j exits with %i and one sentence", async ([args, code, says]) => {
    const ended = await work.run(args);
    const said = linesOf(ended.stderr).filter((line) => !/^(recording|set-up) /.test(line));
    expect(ended.code).toBe(code);
    expect(said[0]).toMatch(/^sameseed: /);
    expect(said[0]).toMatch(says);
    expect(said[1]).toMatch(/^ {2}fix: .{8}/);
    expect(said).toHaveLength(2);
    if (!args.includes("--json")) expect(ended.stdout).toBe("");
  });

  it.for<[string, string]>([
    ["LunarLander-v3", "`sameseed image build box2d` builds an image that has it; then add --image box2d"],
    ["pettingzoo:tictactoe_v3", "then add --image pettingzoo"],
    ["missing.py:Env", "comes with --files DIR"],
    ["missing.py:Env", "`sameseed image build NAME --packages scikit-learn`"],
  ])("names what %s is missing: %s", async ([envName, fix]) => {
    writeFileSync(work.path("missing.py"), "import sklearn.tree\nclass Env: pass\n");
    const { code, stderr } = await work.run(["run", envName]);
    expect(code).toBe(2);
    expect(linesOf(stderr).find((line) => line.startsWith("  fix: "))).toContain(fix);
  });

  it("is a document where JSON was asked for, and a stack trace only where that was", async () => {
    const json = await work.run(["verify", "nowhere", "--json"]);
    expect(errorDocument.parse(JSON.parse(json.stdout)).error).toMatchObject({
      code: "run_missing",
      hint: expect.any(String),
    });
    const debug = await work.run(["verify", "nowhere"], { env: { SAMESEED_DEBUG: "1" } });
    expect(debug.stderr).toMatch(/\n +at /);
  });

  // A link to itself, because permissions do not stop root.
  it("names a folder that cannot be read", async () => {
    symlinkSync("closed", work.path("closed"));
    const { code, stderr } = await work.run(["verify", "closed"]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^sameseed: closed\/run\.json/);
  });

  it("keeps what lies in a folder that is not a run", async () => {
    const { stderr } = await work.run(["run", "CartPole-v1", "--out", "full", "--resume"]);
    expect(stderr).toMatch(/notes\.txt/);
  });
});

describe("a full disk behind standard output", () => {
  it("is said once, and exits with 3", async () => {
    const stdout = openSync("/dev/full", "w");
    const ended = await work.run(["show", "taken", "--seed", "1"], { stdout });
    closeSync(stdout);
    expect(ended.code).toBe(3);
    expect(linesOf(ended.stderr)).toEqual([
      expect.stringMatching(/^sameseed: standard output cannot be written: ENOSPC/),
      expect.stringMatching(/^ {2}fix: /),
    ]);
  });
});
