// Builds what is published: dist/, the viewer in it, and the doors that look at Node's version before anything else is loaded. Runs on the
// machine's own Node, from 20 on.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const [out = join(root, "dist")] = process.argv.slice(2);
const { engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const needed = engines.node.replace(">=", "");

// Old syntax, for old Nodes. The trace of an import says nothing that the sentence does not.
const check = `var needed = "${needed}".split(".").map(Number);
var actual = process.versions.node.split(".").map(Number);
if (actual[0] < needed[0] || (actual[0] === needed[0] && actual[1] < needed[1])) {
  var error = new Error("sameseed needs Node ${needed} or newer; this is " + process.versions.node + ". Install a newer Node.");
  error.code = "ERR_SAMESEED_NODE";
  error.stack = "Error: " + error.message;
  throw error;
}
`;

const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
const built = spawnSync(process.execPath, [tsc, "-p", join(root, "tsconfig.build.json"), "--outDir", out], {
  stdio: "inherit",
});
if (built.status !== 0) process.exit(built.status ?? 1);
const vite = join(root, "node_modules", "vite", "bin", "vite.js");
const config = join(root, "viewer", "vite.config.ts");
const viewed = spawnSync(
  process.execPath,
  [vite, "build", "-c", config, "--outDir", resolve(out, "viewer")],
  {
    stdio: "inherit",
  },
);
if (viewed.status !== 0) process.exit(viewed.status ?? 1);
for (const folder of [out, join(out, "stats"), join(out, "testing")]) writeDoors(folder);

/**
 * Modules are loaded before any of their code runs, so an import of a package that an old Node cannot load ends in whatever
 * that Node stumbles over first. The door imports nothing until the version is known to do.
 */
function writeDoors(folder) {
  const names = exportedNames(readFileSync(join(folder, "index.js"), "utf8"));
  writeFileSync(
    join(folder, "entry.js"),
    `${check}const all = await import("./index.js");\nexport const { ${names.join(", ")} } = all;\n`,
  );
  writeFileSync(
    join(folder, "entry.cjs"),
    `"use strict";\n${check}module.exports = require("./index.js");\n`,
  );
}

/** What tsc leaves of a file that only exports from others. */
function exportedNames(text) {
  const lists = [...text.matchAll(/^export \{([^}]*)\} from "[^"]+";$/gm)];
  const rest = text
    .replaceAll(/^export \{[^}]*\} from "[^"]+";$/gm, "")
    .replaceAll(/\/\*[^]*?\*\/|^\/\/.*$/gm, "");
  if (rest.trim() !== "") throw new Error(`a door exports in a way that is not understood: ${rest.trim()}`);
  return lists
    .flatMap(([, list]) => list.split(",").map((name) => name.trim().split(" as ").at(-1)))
    .filter(Boolean);
}
