import { spawn } from "node:child_process";

import { findBubblewrap } from "../../src/image/find-bubblewrap.ts";
import { resolveImage } from "../../src/image/image-store.ts";
import { buildImage } from "../../src/image/build-image.ts";
import { packagedLock } from "../../src/image/runtime-files.ts";
import { scoreCompletions } from "../../src/judge/score-completions.ts";
import type { CallTask, ScoreItem } from "../../src/model/score.ts";
import { coldPython } from "../bubblewrap-python.ts";
import { median } from "../quantiles.ts";
import type { Figure, Scenario, ScenarioContext } from "../scenario.ts";

const printed = 10_000_000;

/** Solutions that differ, so that none is the memory of another. */
function items(count: number, tests: number, name: string): ScoreItem[] {
  const task: CallTask = {
    id: `add-${tests}`,
    kind: "call",
    function: "add",
    tests: Array.from({ length: tests }, (_, at) => ({ args: [at, 2], expected: at + 2 })),
  };
  return Array.from({ length: count }, (_, at) => ({
    task,
    files: { "solution.py": `# ${name} ${at}\ndef add(a, b):\n    return a + b\n` },
  }));
}

/** Scores, checks that all passed, and says how many tests a second that were. */
async function testsPerSecond(list: readonly ScoreItem[], concurrency?: number): Promise<number> {
  const calledAt = performance.now();
  const batch = scoreCompletions({ items: list, ...(concurrency === undefined ? {} : { concurrency }) });
  const results = await batch.results();
  const seconds = (performance.now() - calledAt) / 1000;
  if (results.some(({ score }) => score !== 1)) throw new Error("a right solution did not pass");
  return results.reduce((sum, { total }) => sum + total, 0) / seconds;
}

/** One completion as graders in common use run it: bubblewrap, python, pytest, and tests beside the solution. */
async function pytestOnce(rootfs: string, tests: number): Promise<void> {
  const bubblewrap = await findBubblewrap();
  if (bubblewrap === undefined) throw new Error("bubblewrap is not installed");
  const asserts = Array.from(
    { length: tests },
    (_, at) => `def test_${at}(): assert add(${at}, 2) == ${at + 2}`,
  );
  const code = [
    "import pathlib, sys, pytest",
    "pathlib.Path('/tmp/solution.py').write_text('def add(a, b):\\n    return a + b\\n')",
    `pathlib.Path('/tmp/test_it.py').write_text(${JSON.stringify(["from solution import add", ...asserts].join("\n"))})`,
    "sys.path.insert(0, '/tmp')",
    "sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', '--rootdir=/tmp', '/tmp/test_it.py']))",
  ].join("\n");
  const wall = ["--unshare-all", "--die-with-parent", "--clearenv", "--ro-bind", rootfs, "/"];
  const mounts = ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"];
  const command = ["/opt/python/bin/python3", "-P", "-s", "-B", "-c", code];
  const child = spawn(bubblewrap.path, [...wall, ...mounts, ...command], { stdio: "ignore" });
  const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
  if (status !== 0) throw new Error(`pytest ended with ${status}`);
}

/** Completions a second that pytest grades, two at the same time. */
async function pytestPerSecond(rootfs: string, count: number, tests: number): Promise<number> {
  const left = Array.from({ length: count }).values();
  const calledAt = performance.now();
  await Promise.all(
    [0, 1].map(async () => {
      for (const _ of left) await pytestOnce(rootfs, tests);
    }),
  );
  return count / ((performance.now() - calledAt) / 1000);
}

/** ms to score a solution that prints, and to read as much from a process's pipe. */
async function printing(image: string, rounds: number): Promise<readonly [scored: number, read: number]> {
  const scored: number[] = [];
  const read: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const task: CallTask = { id: "print", kind: "call", function: "f", tests: [{ expected: 1 }] };
    const code = `# ${round}\nimport sys\ndef f():\n    for _ in range(${printed / 10_000}): sys.stdout.write('x' * 10_000)\n    return 1\n`;
    const calledAt = performance.now();
    const [result] = await scoreCompletions({ items: [{ task, files: { "solution.py": code } }] }).results();
    scored.push(performance.now() - calledAt);
    if (result?.score !== 1) throw new Error(`a solution that prints is ${result?.verdict}`);
    const from = performance.now();
    await coldPython(
      image,
      `import sys\nfor _ in range(${printed / 10_000}): sys.stdout.write('x' * 10_000)`,
    );
    read.push(performance.now() - from);
  }
  return [median(scored), median(read)];
}

async function falseTimeLimits(count: number): Promise<number> {
  const results = await scoreCompletions({ items: items(count, 1, "load"), concurrency: 8 }).results();
  return results.filter(({ verdict }) => verdict !== "accepted").length;
}

async function run({ image, quick, say }: ScenarioContext): Promise<Figure[]> {
  const pytest = await buildImage({ name: "pytest", requirements: packagedLock("pytest") });
  const { rootfs } = resolveImage(`sha256:${pytest.manifest.digest}`.slice("sha256:".length));
  await testsPerSecond(items(50, 1, "warm"));
  const rounds = quick ? 3 : 7;
  const [ours, theirs, many, theirMany]: number[][] = [[], [], [], []];
  for (let round = 0; round < rounds; round++) {
    say(`  round ${round + 1} of ${rounds}`);
    ours!.push(await testsPerSecond(items(quick ? 200 : 500, 1, `one ${round}`)));
    theirs!.push(await pytestPerSecond(rootfs, quick ? 8 : 20, 1));
    many!.push((await testsPerSecond(items(64, 10, `ten ${round}`))) / 10);
    theirMany!.push(await pytestPerSecond(rootfs, quick ? 8 : 20, 10));
  }
  say("  printing");
  const [scored, read] = await printing(image, rounds);
  const loaded = quick ? 500 : 2000;
  say(`  ${loaded} tests with four times more at once than processors`);
  const wrong = await falseTimeLimits(loaded);
  const [a, b, c, d] = [median(ours!), median(theirs!), median(many!), median(theirMany!)];
  return [
    { name: "call tasks of one test, both processors", value: a, unit: "/s" },
    { name: "bubblewrap + python + pytest each", value: b, unit: "/s" },
    { name: "call tasks / pytest", value: a / b, unit: "x", reach: { least: 20 } },
    { name: "64 completions of 10 tests", value: c, unit: "/s" },
    { name: "bubblewrap + python + pytest each, 10 tests", value: d, unit: "/s" },
    { name: "64 of 10 tests / pytest", value: c / d, unit: "x", reach: { least: 10 } },
    { name: "a solution that prints 10 MB", value: scored, unit: "ms" },
    { name: "a bubblewrap + python that prints 10 MB, read from its pipe", value: read, unit: "ms" },
    { name: "printing / reading", value: scored / read, unit: "x", reach: { most: 2 } },
    { name: `not accepted of ${loaded} right ones under load`, value: wrong, unit: "", reach: { most: 0 } },
  ];
}

/** How fast completions are scored. */
export const scoringScenario: Scenario = {
  name: "scoring",
  about:
    "completions scored, a fresh sandbox for every test, beside bubblewrap + python + pytest for each completion",
  run,
};
