// The suite, on whatever host this is: `node session.mjs NAME` prints one JSON line for each step. What is compared lies in
// expected.json, which this program wrote on the host that brought it, when it was called with `--record`.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { attackWall } from "./attack.mjs";
import { compareDigests, findDigests } from "./digests.mjs";
import { runFleet } from "./fleet.mjs";
import { recordRuns } from "./record.mjs";

const suite = resolve(import.meta.dirname, "..");
const program = join(suite, "node_modules/sameseed/bin/sameseed.js");
const {
  image,
  rows,
  fewRows,
  checks,
  steps,
  audited,
  quick,
  unlike = [],
  patience = 1,
  secondTry = 1,
} = JSON.parse(readFileSync(join(suite, "choice.json"), "utf8"));
const name = process.argv[2];
const isRecording = name === "--record";
const expectedPath = join(suite, "expected.json");
const expected = existsSync(expectedPath) ? JSON.parse(readFileSync(expectedPath, "utf8")) : undefined;

/** The first session of a machine does everything, the others what differs between them; `--all` and `--quick` change that. */
const isThorough =
  isRecording ||
  rows === "all" ||
  (!quick && readFileSync(join(suite, "sessions"), "utf8").split("\n")[0] === name);
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
  "docker-default": "this container forbids user namespaces",
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
  "plain-user",
  "nfs-user",
  "apparmor-restricted",
  "apparmor-denied",
  "apparmor-powerless",
  "apparmor-powers",
  "apparmor-profile",
  "podman-default",
  "podman-flags",
  "podman-user",
  "podman-rootless",
  "podman-rootless-flags",
  "podman-rootless-user",
  // Control groups of version 1 are never handed to a user namespace.
  "podman-rootless-mounted",
  "docker-rootless-groups",
  "docker-default",
  "docker-flags",
  "docker-user",
  "docker-rootless-flags",
  "docker-rootless-user",
];

/** Where this process is: version 1 has a line for each controller, most with the same group. */
function ownGroups() {
  const lines = readFileSync("/proc/self/cgroup", "latin1").trim().split("\n");
  return [...new Set(lines.map((line) => line.replace(/^\d+:[^:]*:/, "")))].join(" ");
}

/** What a slot's own groups say: one in version 2, one for each controller in version 1. */
function slotLimits(folders, read) {
  const files = ["memory.max", "memory.limit_in_bytes", "memory.swap.max", "pids.max"];
  return folders.flatMap((folder) =>
    files
      .filter((file) => existsSync(join(folder, "slot-0", file)))
      .map((file) => `slot ${read(join(folder, "slot-0"), file)}`),
  );
}

/** Where groups are made, and what bounds all of them together. */
async function limits() {
  const groupsModule = join(suite, "node_modules/sameseed/dist/sandbox/linux/open-groups.js");
  const groups = await (await import(groupsModule)).openGroups();
  if (!("area" in groups)) return { ok: ungrouped.includes(name), detail: groups.reason };
  const [area] = groups.area.folders;
  const slot = groups.area.slot();
  slot.limit(64 * 1024 * 1024, 8);
  const read = (folder, file) => `${file} ${readFileSync(join(folder, file), "latin1").trim()}`;
  const around = ["memory.max", "memory.limit_in_bytes", "pids.max", "cpu.max"].filter((file) =>
    existsSync(join(area, "..", file)),
  );
  const lines = [
    resolve(area, ".."),
    ...around.map((file) => read(join(area, ".."), file)),
    `own group ${ownGroups()}`,
    ...slotLimits(groups.area.folders, read),
  ];
  const isRemoved = slot.remove() && groups.area.remove();
  groups.janitor.stdin.end();
  const detail = lines.join("; ");
  const missing = (bounds[name] ?? []).filter((line) => !detail.includes(line));
  const isLimited =
    /slot memory\.(max|limit_in_bytes) 67108864/.test(detail) && detail.includes("slot pids.max 8");
  return { ok: isRemoved && isLimited && missing.length === 0, detail, missing };
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

function attack(called, world) {
  const only = rows === "all" ? undefined : isThorough ? rows : fewRows;
  const told = (failed, detail) => tellPart(called, failed, detail);
  return attackWall({ suite, image, world, only, patience, secondTry, tellPart: told });
}

async function digests() {
  const told = (failed, detail) => tellPart("digests", failed, detail);
  return await findDigests({ suite, image, isWhole: isThorough, tellPart: told });
}

/** The steps that need sandboxes. */
async function rollouts() {
  await step("digests", async () => compareDigests(await digests(), expected, isThorough));
  await step("record", () => recordRuns({ program, image, home: process.env["SAMESEED_HOME"] }));
  await step("attack", () => attack("attack", "sealed"));
  // As long again: only where it was asked for by name.
  if (steps !== "all") await step("attack-host", () => attack("attack-host", "host"));
  // A session that does a part leaves these out, but where they were asked for by name.
  if (!isThorough && steps === "all") return;
  await step("audit", audits);
  await step("contract", async () => await contract("zygote"));
  await step("contract-cold", async () => await contract("cold"));
}

if (isRecording) {
  const { found, errors, receipt, shown } = await digests();
  if (errors.length > 0) throw new Error(errors.join("\n"));
  writeFileSync(expectedPath, JSON.stringify({ found, receipt, shown, architecture: process.arch }));
} else if (name === "nfs-fleet") {
  await step("fleet", () => runFleet({ program, image }));
} else {
  tell("group", true, ownGroups());
  await step("doctor", doctor);
  await step("limits", limits);
  if (!(name in forbids)) await rollouts();
}
