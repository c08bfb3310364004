"use strict";
const fs = require("fs");
const nodeModule = require("module");
const net = require("net");
const os = require("os");
const path = require("path");
const { pathToFileURL } = require("url");

/**
 * Keeps what Node compiles for the next start: stripping types and compiling is half of a short command's time. It lies in
 * the user's own cache folder and not in the shared one that Node would choose, because whoever can write there decides
 * what runs. Where that folder cannot be written to, nothing is kept.
 */
function keepCompiled() {
  if (process.env.NODE_COMPILE_CACHE || typeof nodeModule.enableCompileCache !== "function") return;
  let folder = process.env.XDG_CACHE_HOME || path.join(home(), ".cache");
  if (!path.isAbsolute(folder)) return;
  // One by one: where nothing can be made, as in /proc, Node tries to make the parents for ever.
  for (const name of [".", "sameseed", "compiled"]) {
    folder = path.join(folder, name);
    try {
      fs.mkdirSync(folder, { mode: 0o700 });
    } catch (error) {
      if (error.code !== "EEXIST") return;
    }
  }
  nodeModule.enableCompileCache(folder);
}

/** Empty for a user without a home, as in some containers. */
function home() {
  try {
    return os.homedir();
  } catch {
    return "";
  }
}

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
  keepCompiled();
  void import(pathToFileURL(main).href);
};
