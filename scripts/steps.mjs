// What the scripts share. Runs on the machine's own Node, from 20 on, before anything is installed.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");

/** Runs a program in the repository's root with this terminal and returns its exit code. */
export function run(command, args) {
  const path = `${join(root, "node_modules", ".bin")}:${process.env.PATH}`;
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, PATH: path },
  });
  if (result.error !== undefined)
    process.stderr.write(`${command} cannot be started: ${result.error.message}\n`);
  if (result.signal === "SIGINT") return 130;
  return result.status ?? 3;
}

/** Runs the command line with the Node that this repository brings. */
export function sameseed(args) {
  return run(bundledNode(), [join(root, "bin", "sameseed.js"), ...args]);
}

/** Brings this clone and this machine to where everything runs. Returns an exit code. */
export function setUp() {
  const problems = findProblems();
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  if (problems.length > 0) return 3;
  if (!isInstalled()) {
    process.stderr.write("Installing the packages that package-lock.json names\n");
    const code = run("npm", ["ci", "--loglevel=error", "--no-audit", "--no-fund"]);
    if (code !== 0) {
      process.stderr.write(
        "npm ci failed: check the network connection and npm's registry setting, then try again.\n",
      );
      return 3;
    }
  }
  linkCommand();
  if (!isBuilt()) {
    const code = run(bundledNode(), [join(root, "scripts", "build.mjs")]);
    if (code !== 0) return code;
  }
  return sameseed(["setup"]);
}

/** Whether `dist/`, which programs in a clone import as `sameseed`, is as new as what it is built from. */
function isBuilt() {
  const entry = lstatSync(join(root, "dist", "stats", "entry.js"), { throwIfNoEntry: false });
  if (entry === undefined) return false;
  const sources = ["src", "viewer"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((path) => join(folder, path)),
  );
  const inputs = [...sources, "package.json", "tsconfig.build.json"];
  return inputs.every((path) => lstatSync(join(root, path)).mtimeMs <= entry.mtimeMs);
}

/** One sentence with its fix for everything that this machine lacks. */
function findProblems() {
  const problems = [];
  if (process.platform !== "linux") {
    problems.push(
      `Sameseed runs on Linux only; this is ${process.platform}. Use a Linux machine or virtual machine.`,
    );
  }
  if (Number(process.versions.node.split(".")[0]) < 20) {
    problems.push(`Node 20 or newer is needed; this is ${process.versions.node}. Install a newer Node.`);
  }
  if (!["python3", "python3.14", "python3.13", "python3.12", "python3.11"].some(isUsablePython)) {
    problems.push(
      "Python 3.11 or newer with its venv module is needed. Install it (on Debian and Ubuntu: apt-get install python3 python3-venv python3-dev).",
    );
  }
  if (![process.env.CC ?? "cc", "gcc", "clang"].some((name) => succeeds(name, ["--version"]))) {
    problems.push(
      "A C compiler is needed. Install one (on Debian and Ubuntu: apt-get install gcc libc6-dev).",
    );
  }
  return problems;
}

function isUsablePython(command) {
  return succeeds(command, ["-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))"]);
}

function succeeds(command, args) {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

/** Whether node_modules holds what package-lock.json names; optional packages of other machines may be absent. */
function isInstalled() {
  const wanted = readPackages(join(root, "package-lock.json"));
  const present = readPackages(join(root, "node_modules", ".package-lock.json"));
  if (wanted === undefined || present === undefined || !existsSync(bundledNode())) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.startsWith("node_modules/")) return true;
    const found = present[path];
    if (found === undefined) return entry.optional === true || entry.devOptional === true;
    return found.version === entry.version && found.integrity === entry.integrity;
  });
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8")).packages;
  } catch {
    return undefined;
  }
}

function bundledNode() {
  return join(root, "node_modules", `node-linux-${process.arch}`, "bin", "node");
}

/** Makes `npx sameseed` work in a clone: npm links only the commands of what is installed, not the root's own. */
function linkCommand() {
  const link = join(root, "node_modules", ".bin", "sameseed");
  const target = join("..", "..", "bin", "sameseed.js");
  const present = lstatSync(link, { throwIfNoEntry: false });
  if (present?.isSymbolicLink() && readlinkSync(link) === target) return;
  rmSync(link, { force: true });
  symlinkSync(target, link);
}

/** The files that name what tests install beside this package's own, each into a folder of its own in `node_modules`. */
const testLocks = {
  "python-client": "clients/python/test.lock",
  "doors-python": "tests/server/doors/python.lock",
  "tensorlake-python": "tests/server/doors/tensorlake/python.lock",
  "s3-server": "tests/store/s3-server.lock",
  "tensorlake-npm": "tests/server/doors/tensorlake/npm/package-lock.json",
};

/** Brings the packages that tests of clients need. Returns an exit code. */
export function setUpTestPackages() {
  for (const name of Object.keys(testLocks)) {
    const folder = testPackages(name);
    if (existsSync(folder)) continue;
    const making = `${folder}.${process.pid}`;
    const code = installTestPackages(join(root, testLocks[name]), making);
    if (code !== 0) return code;
    renameSync(making, folder);
  }
  return 0;
}

/** Where the packages of a lock are installed. */
export function testPackages(name) {
  const digest = createHash("sha256")
    .update(readFileSync(join(root, testLocks[name])))
    .digest("hex");
  return join(root, "node_modules", `.${name}-${digest.slice(0, 16)}`);
}

function installTestPackages(lock, into) {
  process.stderr.write(`Installing what ${lock.slice(root.length + 1)} names, for the tests\n`);
  if (lock.endsWith(".json")) {
    mkdirSync(into);
    for (const name of ["package.json", "package-lock.json"])
      copyFileSync(join(dirname(lock), name), join(into, name));
    return run("npm", [
      "ci",
      "--prefix",
      into,
      "--ignore-scripts",
      "--loglevel=error",
      "--no-audit",
      "--no-fund",
    ]);
  }
  const pip = ["-m", "pip", "install", "--quiet", "--require-hashes", "--only-binary", ":all:", "--no-deps"];
  return run("python3", [...pip, "--target", into, "--requirement", lock]);
}
