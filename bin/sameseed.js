#!/usr/bin/env node
"use strict";
/*
 * Starts the command line with a Node that can run it. This file must be readable by any Node, however old,
 * so that an old one gets a sentence instead of a syntax error.
 *
 * Where Node is too old and a newer one was installed beside the package, that one takes over: signals are
 * passed on, its exit code becomes this one's, and a pipe ties its life to this process, so that killing
 * either kills the run.
 */

var childProcess = require("child_process");
var fs = require("fs");
var path = require("path");

var root = path.resolve(__dirname, "..");
var tieVariable = "SAMESEED_LAUNCHER_TIE";

/** The oldest Node that will do, as package.json says it to npm: the one place where it stands. */
var needed = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8")).engines.node.replace(
  ">=",
  "",
);

function isNewEnough(version) {
  var actual = version.split(".").map(Number);
  var least = needed.split(".").map(Number);
  return actual[0] > least[0] || (actual[0] === least[0] && actual[1] >= least[1]);
}

/** In a checkout the sources themselves run; Node strips types everywhere but below node_modules. */
function findMain() {
  var source = path.join(root, "src", "cli", "main.ts");
  var isInstalled = root.split(path.sep).indexOf("node_modules") !== -1;
  return !isInstalled && fs.existsSync(source) ? source : path.join(root, "dist", "cli", "main.js");
}

function findBundledNode() {
  var name = "node-linux-" + process.arch;
  var places = [path.join(root, "node_modules", name), path.join(root, "..", name)];
  for (var i = 0; i < places.length; i++) {
    var candidate = path.join(places[i], "bin", "node");
    if (fs.existsSync(candidate)) return candidate;
  }
  return undefined;
}

function handOver(node) {
  var env = Object.assign({}, process.env);
  env[tieVariable] = "3";
  var child = childProcess.spawn(node, [__filename].concat(process.argv.slice(2)), {
    env: env,
    stdio: ["inherit", "inherit", "inherit", "pipe"],
  });
  var onTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  ["SIGINT", "SIGTERM", "SIGHUP"].forEach(function (signal) {
    process.on(signal, function () {
      // A terminal sends Ctrl-C to both; passing it on would count as pressing it twice.
      if (signal !== "SIGINT" || !onTerminal) child.kill(signal);
    });
  });
  child.on("error", function (error) {
    process.stderr.write("sameseed: " + node + " cannot be started: " + error.message + "\n");
    process.exitCode = 2;
  });
  child.on("exit", function (code, signal) {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function main() {
  if (isNewEnough(process.versions.node)) {
    var tie = process.env[tieVariable];
    delete process.env[tieVariable];
    require("./run-main.js")(findMain(), tie === undefined ? undefined : Number(tie));
    return;
  }
  var node = findBundledNode();
  if (node !== undefined) return handOver(node);
  process.stderr.write(
    "sameseed: Node " +
      needed +
      " or newer is needed; this is " +
      process.versions.node +
      ". Install a newer Node" +
      (fs.existsSync(path.join(root, "scripts")) ? ", or run `npm run setup` once in " + root : "") +
      ".\n",
  );
  process.exitCode = 2;
}

main();
