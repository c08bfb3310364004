// `npm test`: sets up, then types, lint, format and all tests. Arguments go to the test runner.
// The last line is `N passed, N failed`; a check that fails counts as one failure.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
  // The tests of games and of suites need them; nothing is downloaded once they are there.
  for (const name of ["pettingzoo", "pytest"]) {
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

function runTests(args) {
  const folder = mkdtempSync(join(tmpdir(), "sameseed-test-"));
  try {
    const report = join(folder, "report.json");
    const code = run("vitest", [
      "run",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${report}`,
      ...args,
    ]);
    return count(report, code);
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
    return { passed: 0, failed: 1 };
  }
  const unloaded = result.testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  );
  const failed = result.numFailedTests + unloaded.length;
  return { passed: result.numPassedTests, failed: failed === 0 && code !== 0 ? 1 : failed };
}

process.exitCode = main();
