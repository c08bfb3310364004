// `npm test`: sets up, then types, lint, format and all tests. Arguments go to the test runner.
// The last line is `N passed, N failed`; a check that fails counts as one failure.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { run, sameseed, setUp, setUpTestPackages } from "./steps.mjs";

const checks = [
  { name: "types", command: "tsc", args: ["-p", "tsconfig.json"] },
  { name: "types of the viewer", command: "tsc", args: ["-p", "viewer"] },
  { name: "types of the viewer's tests", command: "tsc", args: ["-p", "tests/view"] },
  { name: "lint", command: "oxlint", args: ["--type-aware", "--deny-warnings"] },
  { name: "format", command: "oxfmt", args: ["--check"] },
];

function main() {
  const ready = setUp();
  if (ready !== 0) return ready;
  // The tests of games, of suites and of environments in C need them; nothing is downloaded once they are there.
  for (const name of ["pettingzoo", "pytest", "box2d"]) {
    const built = sameseed(["image", "build", name, "--requirements", `images/${name}.lock`]);
    if (built !== 0) return built;
  }
  const packages = setUpTestPackages();
  if (packages !== 0) return packages;
  installPrograms();
  const failedChecks = checks.filter((check) => run(check.command, check.args) !== 0);
  const tests = runTests(process.argv.slice(2));
  for (const { name } of failedChecks)
    process.stdout.write(`The ${name} check failed; its report is above the tests'.\n`);
  const failed = tests.failed + failedChecks.length;
  process.stdout.write(`${tests.passed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

/**
 * The tests of the viewer look at its pages with Debian's Chromium, those of fleets use its Redis and PostgreSQL. Where they cannot be had
 * they are skipped, and say so.
 */
function installPrograms() {
  const programs = [
    { name: "chromium", paths: ["chromium", "chromium-browser", "google-chrome"] },
    { name: "redis-server", paths: ["redis-server"] },
    { name: "postgresql", paths: ["pg_createcluster"] },
  ];
  const missing = programs.filter(({ paths }) => !paths.some((name) => existsSync(join("/usr/bin", name))));
  if (missing.length === 0 || process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return;
  const names = missing.map(({ name }) => name);
  process.stderr.write(`Installing ${names.join(", ")} for the tests\n`);
  process.env.DEBIAN_FRONTEND = "noninteractive";
  run("apt-get", ["update", "-qq"]);
  run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...names]);
}

/**
 * Folders whose tests start programs and wait for what they do: a machine that is busy with something else can fail them. A
 * few files of them that failed are run once more, alone. In all other folders once is enough: bytes that differed once
 * differ, and a wall that was passed once is no wall.
 */
const secondTryFolders = ["cli", "client", "contract", "fleet", "lifecycle", "server", "view"];
const secondTriesMost = 3;

function runTests(args) {
  const first = vitest(args);
  const files = first.failedFiles.map((path) => relative(process.cwd(), path));
  const mayTryAgain = ({ length }) => args.length === 0 && length > 0 && length <= secondTriesMost;
  const isOfThose = (path) => secondTryFolders.some((name) => path.startsWith(join("tests", name, "/")));
  if (!mayTryAgain(files) || !files.every(isOfThose) || first.isBroken) return first;
  process.stdout.write(`Once more, alone: ${files.join(", ")}\n`);
  const second = vitest([...files, "--maxWorkers=1"]);
  if (second.failed > 0) return first;
  for (const name of first.failedNames) process.stdout.write(`Passed only at its second try: ${name}\n`);
  return { passed: first.passed + first.failed, failed: 0 };
}

/** One run of the test runner. */
function vitest(args) {
  const folder = mkdtempSync(join(tmpdir(), "sameseed-test-"));
  try {
    const report = join(folder, "report.json");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    return count(report, run("vitest", ["run", ...reporters, ...args]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Passed and failed tests; a file that did not load, or an error outside any test, is a failure too. */
function count(report, code) {
  let result;
  try {
    result = JSON.parse(readFileSync(report, "utf8"));
  } catch {
    return { passed: 0, failed: 1, failedFiles: [], failedNames: [], isBroken: true };
  }
  const failedFiles = result.testResults.filter((file) => file.status === "failed");
  const failedTests = (file) => file.assertionResults.filter((test) => test.status === "failed");
  const unloaded = failedFiles.filter((file) => failedTests(file).length === 0);
  const failed = result.numFailedTests + unloaded.length;
  return {
    passed: result.numPassedTests,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    failedFiles: failedFiles.map(({ name }) => name),
    failedNames: failedFiles.flatMap((file) =>
      failedTests(file).map(({ fullName }) => `${relative(process.cwd(), file.name)}: ${fullName}`),
    ),
    isBroken: unloaded.length > 0 || failed === 0,
  };
}

process.exitCode = main();
