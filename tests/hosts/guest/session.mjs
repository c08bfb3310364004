// The suite, on whatever host this is: `node session.mjs NAME` prints one JSON line for each step. What is compared lies in
// expected.json, which this program wrote on the host that brought it, when it was called with `--record`.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";

const suite = resolve(import.meta.dirname, "..");
const program = join(suite, "node_modules/sameseed/bin/sameseed.js");
const {
  image,
  rows,
  checks,
  steps,
  audited,
  quick,
  unlike = [],
} = JSON.parse(readFileSync(join(suite, "choice.json"), "utf8"));
const name = process.argv[2];
const isRecording = name === "--record";
const expectedPath = join(suite, "expected.json");
const expected = existsSync(expectedPath) ? JSON.parse(readFileSync(expectedPath, "utf8")) : undefined;

const environments = [
  "Acrobot-v1",
  "Blackjack-v1",
  "CartPole-v0",
  "CartPole-v1",
  "CliffWalking-v1",
  "CliffWalkingSlippery-v1",
  "FrozenLake-v1",
  "FrozenLake8x8-v1",
  "MountainCar-v0",
  "MountainCarContinuous-v0",
  "Pendulum-v1",
  "Taxi-v4",
];
/** The first session of a machine does everything, the others what differs between them; `--all` and `--quick` change that. */
const isThorough =
  isRecording ||
  rows === "all" ||
  (!quick && readFileSync(join(suite, "sessions"), "utf8").split("\n")[0] === name);
const seeds = Array.from({ length: isThorough ? 20 : 2 }, (_, index) => index + 1);
const fewEnvironments = ["CartPole-v1", "Acrobot-v1", "Blackjack-v1"];
const fewPlanted = [
  "monotonic_clock.py",
  "os_urandom.py",
  "set_of_objects.py",
  "simd_float.py",
  "virtualised.py",
];
/** Rows of the corpus that are attacked before the next part is told of. */
const partSize = 12;
const fewRows = ["01-fork-bomb", "04-heap-bomb", "41-new-namespaces", "52-more-rights"];

function tell(step, ok, detail, more = {}) {
  if (!isRecording) console.log(JSON.stringify({ session: name, step, ok, detail, ...more }));
}

/** How far a long step has come. */
function tellPart(called, failed, detail) {
  tell(called, failed.length === 0, detail, { isPart: true, failed });
}

/** Runs a step that was chosen; an error is its result. */
async function step(called, work) {
  if (steps !== "all" && !steps.includes(called)) return;
  const began = Date.now();
  try {
    const { ok, detail, ...more } = await work();
    tell(called, ok, detail, { ...more, seconds: Math.round((Date.now() - began) / 1000) });
  } catch (error) {
    tell(called, false, `${error.code ?? error.name}: ${error.message}`);
  }
}

function sameseed(...words) {
  return spawnSync(process.execPath, [program, ...words], {
    encoding: "utf8",
    cwd: "/tmp",
    maxBuffer: 1 << 28,
  });
}

/** Where sandboxes are forbidden, `doctor` must say so, and by what. */
const forbids = {
  "apparmor-restricted": "AppArmor forbids",
  "apparmor-denied": "security module",
  "apparmor-powerless": "AppArmor confines bubblewrap",
  "podman-default": "AppArmor profile forbids",
  "podman-rootless": "AppArmor profile forbids",
};

function doctor() {
  const { status, stdout, stderr } = sameseed("doctor", "--image", image, "--json");
  const report = JSON.parse(stdout);
  const forbidden = forbids[name];
  const ok = forbidden === undefined ? status === 0 : status !== 0 && stdout.includes(forbidden);
  return { ok, detail: stderr.trim(), checks: report.checks ?? report };
}

/** What the sessions that were started with limits must find around their sandboxes. */
const bounds = {
  "service-limited": ["memory.max 629145600", "cpu.max 150000 100000"],
  "service-delegated": ["memory.max 629145600", "sameseed.host"],
};

/** Sessions that cannot make groups, and are told why. */
const ungrouped = [
  "login-user",
  "apparmor-restricted",
  "apparmor-denied",
  "apparmor-powerless",
  "apparmor-powers",
  "apparmor-profile",
  "podman-default",
  "podman-flags",
  "podman-rootless",
  "podman-rootless-flags",
];

/** Where groups are made, and what bounds all of them together. */
async function limits() {
  const groupsModule = join(suite, "node_modules/sameseed/dist/sandbox/linux/open-groups.js");
  const groups = await (await import(groupsModule)).openGroups();
  if (!("area" in groups)) return { ok: ungrouped.includes(name), detail: groups.reason };
  const [area] = groups.area.folders;
  const slot = groups.area.slot();
  slot.limit(64 * 1024 * 1024, 8);
  const read = (folder, file) => `${file} ${readFileSync(join(folder, file), "latin1").trim()}`;
  const around = ["memory.max", "pids.max", "cpu.max"].filter((file) => existsSync(join(area, "..", file)));
  const lines = [
    resolve(area, ".."),
    ...around.map((file) => read(join(area, ".."), file)),
    `own group ${readFileSync("/proc/self/cgroup", "latin1").trim()}`,
    ...["memory.max", "memory.swap.max", "pids.max"].map(
      (file) => `slot ${read(join(area, "slot-0"), file)}`,
    ),
  ];
  const isRemoved = slot.remove() && groups.area.remove();
  groups.janitor.stdin.end();
  const detail = lines.join("; ");
  const missing = (bounds[name] ?? []).filter((line) => !detail.includes(line));
  const isLimited = detail.includes("slot memory.max 67108864") && detail.includes("slot pids.max 8");
  return { ok: isRemoved && isLimited && missing.length === 0, detail, missing };
}

/** The digests of rollouts of each environment and of each planted fault. */
async function digests() {
  const { collectRollouts, closeSandboxes } = await import(import.meta.resolve("sameseed"));
  const found = {};
  let receipt;
  const collect = async (config, label) => {
    for await (const rollout of collectRollouts({ ...config, image })) {
      found[`${label} ${rollout.seed}`] = [rollout.digest, rollout.contentDigest, rollout.outcome];
      receipt = rollout.receipt;
    }
  };
  for (const envName of isThorough ? environments : fewEnvironments)
    await collect({ envName, seeds, maxSteps: 60 }, envName);
  const planted = isThorough
    ? readdirSync(join(suite, "planted"))
        .filter((file) => file.endsWith(".py"))
        .sort()
    : fewPlanted;
  for (const file of planted) {
    const envName = `${join(suite, "planted", file)}:Planted`;
    await collect({ envName, seeds: [42], policy: { actions: Array(12).fill(0) } }, basename(file, ".py"));
  }
  await closeSandboxes();
  return { found, receipt };
}

function compare({ found, receipt }) {
  const names = Object.keys(isThorough ? expected.found : found);
  const other = names.filter((each) => JSON.stringify(found[each]) !== JSON.stringify(expected.found[each]));
  const content = names.filter((each) => found[each]?.[1] !== expected.found[each][1]);
  const detail = `${names.length - other.length} of ${names.length} digests equal, ${names.length - content.length} of content`;
  // An image of another architecture is another image, and what its results are is told and not promised.
  const isOther = expected.architecture !== process.arch;
  const ended = names.filter((each) => found[each]?.[2] === expected.found[each][2]);
  return {
    ok: isOther ? ended.length === names.length : other.length === 0,
    detail: isOther ? `${detail}, recorded on ${expected.architecture}` : detail,
    differing: isOther ? content : other.slice(0, 8),
    first: other[0] && found[other[0]],
    receipt,
  };
}

function audits() {
  const wrong = Object.entries(audited).flatMap(([file, factor]) => {
    const { stdout, stderr } = sameseed(
      "audit",
      `${join(suite, "planted", file)}.py:Planted`,
      "--image",
      image,
      "--actions",
      join(suite, "actions.json"),
      "--json",
    );
    const { causes } = JSON.parse(stdout);
    if (causes === undefined) return [`${file}: ${stdout}${stderr}`.slice(0, 500)];
    return causes.some((cause) => cause.factor === factor) ? [] : [file];
  });
  return { ok: wrong.length === 0, detail: wrong.join(", ") || "each fault is named" };
}

/** The contract of backends, from the installed package itself. */
async function contract(kind) {
  const folder = join(suite, "node_modules/sameseed/dist");
  const { sandboxContract } = await import(import.meta.resolve("sameseed/testing"));
  const { closeSandboxes, sharedBackend } = await import(join(folder, "sandbox/sandbox-host.js"));
  const wanted = sandboxContract.filter(
    (check) => checks === "all" || checks.some((part) => check.name.includes(part)),
  );
  const chosen = wanted.filter((check) => !unlike.some((part) => check.name.includes(part)));
  const failed = [];
  for (const [index, { name: promise, run }] of chosen.entries()) {
    try {
      await run(sharedBackend(image, kind, "host"));
    } catch (error) {
      failed.push(`${promise}: ${error.message}`);
    }
    if ((index + 1) % 10 === 0)
      tellPart(kind === "cold" ? "contract-cold" : "contract", failed, `${index + 1} of ${chosen.length}`);
  }
  await closeSandboxes();
  return {
    ok: failed.length === 0,
    detail: `${chosen.length - failed.length} of ${chosen.length} kept`,
    left: wanted.length - chosen.length,
    failed,
  };
}

/** The names of the corpus's rows, in its order. */
function everyRow() {
  const corpus = join(suite, "node_modules/sameseed/tests/security/corpus");
  return readdirSync(corpus)
    .filter((file) => /^\d+[a-z]*-.*\.py$/.test(file))
    .map((file) => file.slice(0, -3))
    .sort();
}

/** The corpus in parts, so that a machine that is cut off has told what it had done. */
function attack() {
  const wanted = rows === "all" ? everyRow() : isThorough ? rows : fewRows;
  const failed = [];
  let held = 0;
  for (let from = 0; from < wanted.length; from += partSize) {
    const part = wanted.slice(from, from + partSize);
    const { stdout, stderr } = sameseed("attack", "--image", image, "--json", "--only", ...part);
    const [scorecard] = JSON.parse(stdout || "{}").scorecards ?? [];
    if (scorecard === undefined) failed.push({ id: part.join(", "), error: stderr.trim().slice(-500) });
    for (const { id, verdict, seen, breaches } of scorecard?.rows ?? [])
      if (verdict === "pass") held++;
      else failed.push({ id, seen, breaches });
    tellPart("attack", failed, `${held} of ${Math.min(from + partSize, wanted.length)} rows held`);
  }
  const detail = `${held} of ${wanted.length} rows held`;
  return { ok: failed.length === 0, detail, failed };
}

/** The steps that need sandboxes. */
async function rollouts() {
  await step("digests", async () => compare(await digests()));
  await step("attack", attack);
  if (!isThorough) return;
  await step("audit", audits);
  await step("contract", async () => await contract("zygote"));
  await step("contract-cold", async () => await contract("cold"));
}

if (isRecording) {
  writeFileSync(expectedPath, JSON.stringify({ ...(await digests()), architecture: process.arch }));
} else {
  tell("group", true, readFileSync("/proc/self/cgroup", "latin1").trim());
  await step("doctor", doctor);
  await step("limits", limits);
  if (!(name in forbids)) await rollouts();
}
