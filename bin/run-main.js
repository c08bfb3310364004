"use strict";
const fs = require("fs");
const net = require("net");
const { pathToFileURL } = require("url");

/**
 * Runs the command line in this process.
 *
 * @param {string} main The module to run.
 * @param {number | undefined} tie A pipe from the launcher; when the launcher is gone, so is this process.
 */
module.exports = function runMain(main, tie) {
  if (tie !== undefined) {
    const pipe = new net.Socket({ fd: tie, readable: true, writable: false });
    pipe.on("error", () => process.kill(process.pid, "SIGKILL"));
    pipe.on("close", () => process.kill(process.pid, "SIGKILL"));
    pipe.resume();
    pipe.unref();
  }
  if (!fs.existsSync(main)) {
    process.stderr.write(
      `sameseed: ${main} is missing. Install the package again, or run \`npm run build\`.\n`,
    );
    process.exitCode = 3;
    return;
  }
  void import(pathToFileURL(main).href);
};
