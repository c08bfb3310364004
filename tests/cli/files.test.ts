/* Environments and policies of several files: what lies beside the source is brought along, recorded, and verified from the record. */
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { closeSandboxes, evaluateMatchup, runRollout } from "../../src/index.ts";
import { errorDocument, runDocument } from "./documents.ts";
import { Workplace } from "./sameseed.ts";

const work = new Workplace();
const environment = `import numpy as np
import gymnasium
from gymnasium.spaces import Box, Discrete
from helper import reward_of
from parts import inner

class Sums(gymnasium.Env):
    observation_space = Box(-10, 10, (2,))
    action_space = Discrete(2)
    def reset(self, seed=None, options=None):
        super().reset(seed=seed)
        self.n = 0
        self.weights = np.load("weights.npy")
        return self.weights.astype(np.float32), {"inner": inner.NAME}
    def step(self, action):
        self.n += 1
        return self.weights.astype(np.float32), reward_of(action), self.n >= 4, False, {}
`;

/** What numpy's save writes of [1.5, 2.5]. */
function npy(): Buffer {
  const head = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }".padEnd(117) + "\n";
  const values = Buffer.alloc(16);
  values.writeDoubleLE(1.5, 0);
  values.writeDoubleLE(2.5, 8);
  return Buffer.concat([Buffer.from("\x93NUMPY\x01\x00v\x00", "latin1"), Buffer.from(head), values]);
}

/** A policy of two files and a table. */
function writeBrain(): void {
  mkdirSync(work.path("brain"), { recursive: true });
  writeFileSync(work.path("brain/think.py"), "import numpy as np\nTABLE = np.load('table.npy')\n");
  writeFileSync(work.path("brain/table.npy"), npy());
  writeFileSync(
    work.path("brain/policy.py"),
    "import os\nfrom think import TABLE\n\ndef act(observation, rng):\n    return int(TABLE[0] == 1.5 and not os.path.exists('/tmp/env'))\n",
  );
}

beforeAll(() => {
  mkdirSync(work.path("sums/parts/__pycache__"), { recursive: true });
  writeFileSync(work.path("sums/sums.py"), environment);
  writeFileSync(work.path("sums/helper.py"), "def reward_of(action):\n    return 1.0 + action\n");
  writeFileSync(work.path("sums/parts/inner.py"), "NAME = 'deep'\n");
  writeFileSync(work.path("sums/parts/__pycache__/inner.pyc"), "stale");
  writeFileSync(work.path("sums/weights.npy"), npy());
  writeBrain();
});

afterAll(async () => {
  work[Symbol.dispose]();
  await closeSandboxes();
});

const withFiles = ["run", "sums/sums.py:Sums", "--files", "sums", "--seeds", "1..3"];

describe("files beside an environment and a policy", { timeout: 240_000 }, () => {
  it("are there for each of them alone, are part of the digest, and are verified from the record", async () => {
    const policy = ["--policy", "brain/policy.py", "--policy-files", "brain"];
    const ran = await work.run([...withFiles, ...policy, "--out", "run", "--json"]);
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    const document = runDocument.parse(JSON.parse(ran.stdout));
    expect(document.rollouts.map(({ totalReward }) => totalReward)).toEqual([8, 8, 8]);
    expect(document.spec).toMatchObject({
      files: [{ path: "helper.py" }, { path: "parts/inner.py" }, { path: "weights.npy" }],
      seats: [{ policy: { files: [{ path: "table.npy" }, { path: "think.py" }] } }],
    });
    const recorded = JSON.parse(readFileSync(work.path("run/run.json"), "utf8")) as {
      spec: { files: { path: string; data: { digest: string; bytes: number } }[] };
    };
    expect(recorded.spec.files.at(-1)).toMatchObject({ path: "weights.npy", data: { bytes: npy().length } });

    writeFileSync(work.path("sums/helper.py"), "def reward_of(action):\n    return 2.0 + action\n");
    const resumed = await work.run([...withFiles, ...policy, "--out", "run", "--resume", "--json"]);
    expect(errorDocument.parse(JSON.parse(resumed.stdout)).error).toMatchObject({
      code: "run_differs",
      context: { differences: ["files"] },
    });
    const other = runDocument.parse(JSON.parse((await work.run([...withFiles, ...policy, "--json"])).stdout));
    expect(other.rollouts[0]!.digest).not.toBe(document.rollouts[0]!.digest);
    rmSync(work.path("sums/weights.npy"));
    rmSync(work.path("brain"), { recursive: true });
    const verified = await work.run(["verify", "run"]);
    expect(verified.code, verified.stdout).toBe(0);
    expect((await work.run(["replay", "run", "--seed", "2"])).code).toBe(0);
    writeFileSync(work.path("sums/weights.npy"), npy());
  });

  it("are named by the error where they are missing", async () => {
    const { code, stderr } = await work.run(["run", "sums/sums.py:Sums"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/needs the module helper, which is not in this image/);
    expect(stderr).toMatch(/a module beside the environment's file comes with --files DIR/);
  });

  it("also hold a module whose class or registered id is the environment", async () => {
    const ran = await work.run(["run", "sums:Sums", "--files", "sums", "--json"]);
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    expect(runDocument.parse(JSON.parse(ran.stdout)).rollouts[0]!.steps).toBe(4);
    const installed = await work.run([
      "run",
      "gymnasium.envs.classic_control:CartPoleEnv",
      "--max-steps",
      "5",
      "--json",
    ]);
    expect(installed.code, installed.stdout).toBe(0);
    const missing = await work.run(["run", "sums:Smus", "--files", "sums", "--json"]);
    expect(errorDocument.parse(JSON.parse(missing.stdout)).error.code).toBe("unknown_environment");
  });

  it("are refused where they cannot be read, or would replace the source", async () => {
    const absent = await work.run(["run", "sums/sums.py:Sums", "--files", "nowhere", "--json"]);
    expect(errorDocument.parse(JSON.parse(absent.stdout)).error.code).toBe("bad_argument");
    const builtin = await work.run([...withFiles, "--policy-files", "sums", "--json"]);
    expect(errorDocument.parse(JSON.parse(builtin.stdout)).error.code).toBe("bad_argument");
    const config = { envName: work.path("sums/sums.py:Sums"), seed: 1 };
    await expect(runRollout({ ...config, files: { "sums.py": "another = 1\n" } })).rejects.toMatchObject({
      code: "bad_argument",
    });
    await expect(runRollout({ ...config, files: { "../up.py": "" } })).rejects.toMatchObject({
      code: "bad_argument",
    });
  });

  it("are there for a policy in a matchup, in both modes", async () => {
    const source =
      "from table import FIRST\n\ndef choose_action(board, player, rng):\n    return next(cell for cell in FIRST if board[cell] is None)\n";
    const policyX = { source, files: { "table.py": "FIRST = [4, 0, 8, 2, 6, 1, 3, 5, 7]\n" } };
    for (const mode of ["keep", "restart"] as const) {
      const result = await evaluateMatchup({ policyX, policyO: "random", seeds: [1], nGames: 2, mode });
      expect(result.faults.x, mode).toEqual({});
    }
  });

  it("are told apart by audit, eval and compare too", async () => {
    // Equal to nothing but an object without faults.
    const nothing = expect.toSatisfy((faults: object) => Object.keys(faults).length === 0) as unknown;
    writeBrain();
    writeFileSync(work.path("sums/helper.py"), "def reward_of(action):\n    return 1.0 + action\n");
    const environment = ["sums/sums.py:Sums", "--files", "sums"];
    const audited = await work.run([
      "audit",
      ...environment,
      "--policy",
      "brain/policy.py",
      "--policy-files",
      "brain",
      "--json",
    ]);
    expect(audited.code, audited.stdout + audited.stderr).toBe(0);
    const inEnvironment = ["--env", ...environment, "--seeds", "1..2", "--json"];
    const evaluated = await work.run([
      "eval",
      "--x",
      "brain/policy.py",
      "--x-files",
      "brain",
      ...inEnvironment,
    ]);
    expect(JSON.parse(evaluated.stdout)).toMatchObject({ rollouts: 2, meanReturn: 8, faults: {} });
    const compared = await work.run([
      "compare",
      "brain/policy.py",
      "random",
      "--a-files",
      "brain",
      ...inEnvironment,
    ]);
    // A slow machine has lines of progress.
    expect([compared.code, compared.stderr.replaceAll(/^running .*\n/gm, "")]).toEqual([
      expect.toBeOneOf([0, 1]),
      "",
    ]);
    const game = ["--seeds", "1", "--games", "2", "--json"];
    writeFileSync(
      work.path("brain/player.py"),
      "from think import TABLE\ndef choose_action(board, player, rng):\n    return board.index(None) if TABLE[0] == 1.5 else 99\n",
    );
    const played = await work.run([
      "eval",
      "--x",
      "brain/player.py",
      "--x-files",
      "brain",
      "--o",
      "random",
      ...game,
    ]);
    expect(JSON.parse(played.stdout)).toMatchObject({ games: 2, faults: { x: nothing, o: nothing } });
    const against = await work.run(["compare", "random", "brain/player.py", "--b-files", "brain", ...game]);
    expect(JSON.parse(against.stdout)).toMatchObject({ games: 2, faults: { x: nothing, o: nothing } });
  });

  it("leave behind what was recorded among them, so that a run there can be gone on with", async () => {
    const within = ["run", "sums/sums.py:Sums", "--files", "sums", "--out", "sums/runs/a"];
    expect((await work.run([...within, "--seeds", "1"])).code).toBe(0);
    const again = await work.run([...within, "--seeds", "1..2", "--extend", "--json"]);
    expect([again.code, runDocument.parse(JSON.parse(again.stdout)).rollouts.length]).toEqual([0, 2]);
    writeFileSync(work.path("sums/more.txt"), "more");
    const other = await work.run([...within, "--seeds", "1..2", "--resume"]);
    rmSync(work.path("sums/more.txt"));
    expect([other.code, other.stderr]).toEqual([
      2,
      expect.stringContaining("holds another run: files differ (more.txt)"),
    ]);
    rmSync(work.path("sums/runs"), { recursive: true });
  });

  it("are each there once, where a link among them leads back to them", async () => {
    symlinkSync("..", work.path("sums/parts/up"));
    const linked = await work.run([...withFiles, "--out", "linked", "--json"]);
    rmSync(work.path("sums/parts/up"));
    expect(linked.code, linked.stdout).toBe(0);
    const files = runDocument.parse(JSON.parse(linked.stdout)).spec as unknown as {
      files: { path: string }[];
    };
    expect(files.files.map(({ path }) => path)).toEqual(["helper.py", "parts/inner.py", "weights.npy"]);
  });

  it("have a package at its place, and a file of a package says how it is named", async () => {
    mkdirSync(work.path("shop/warehouse"), { recursive: true });
    const body = environment
      .replace("from helper import reward_of\nfrom parts import inner\n", "from pathlib import Path\n")
      .replace('"weights.npy"', 'Path(__file__).parent / "weights.npy"')
      .replace('{"inner": inner.NAME}', "{}")
      .replace("reward_of(action)", "1.0");
    writeFileSync(work.path("shop/warehouse/sums.py"), body);
    writeFileSync(work.path("shop/warehouse/weights.npy"), npy());
    writeFileSync(
      work.path("shop/warehouse/__init__.py"),
      'import gymnasium\nfrom .sums import Sums\ngymnasium.register("Sums-v0", Sums)\n',
    );
    const run = async (name: string): ReturnType<typeof work.run> =>
      await work.run([
        "run",
        name,
        "--files",
        "shop",
        "--seeds",
        "1",
        "--out",
        `of-${name.replaceAll(/\W/g, "")}`,
      ]);
    expect(await run("warehouse:Sums-v0")).toMatchObject({ code: 0 });
    const imported = await run("shop/warehouse/__init__.py:Sums-v0");
    expect([imported.code, imported.stderr]).toEqual([
      2,
      expect.stringContaining("name the environment as PACKAGE:Id, which the package registers"),
    ]);
    const played = await run("shop/warehouse/sums.py:Sums");
    expect([played.code, played.stdout]).toEqual([
      1,
      expect.stringContaining("the environment's file lies at warehouse/sums.py of the folder of --files"),
    ]);
  });

  it("are refused where nothing of theirs is run", async () => {
    for (const [args, message] of [
      [
        ["eval", "--x", "greedy", "--x-files", "brain", "--o", "random"],
        "--x-files needs a policy from a file, not greedy",
      ],
      [["compare", "greedy", "random", "--files", "brain"], "--files lies beside an environment of your own"],
      [["audit", "--all", "--files", "brain"], "need an environment to lie beside"],
      [["eval", "--x", "random", "--o-files", "brain", "--env", "CartPole-v1"], "--o-files"],
    ] as const) {
      const { code, stderr } = await work.run(args);
      expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    }
  });
});
