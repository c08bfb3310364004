import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";

import { homeFolder, toolsFolder } from "../../src/base/home.ts";
import { bundledBubblewrapFolder } from "../../src/image/find-bubblewrap.ts";
import { installOwnBubblewrap } from "../../src/image/install-bubblewrap.ts";
import { isMachine, type HostSpec } from "./host-list.ts";
import { makeCrossImage } from "./cross-image.ts";

const root = resolve(import.meta.dirname, "../..");
/** Of the disk that the suite is brought on: sparse, so that it costs what lies on it. */
const diskSize = "3G";

/** What is run on a machine. */
export interface Choice {
  /** The digest of the image that is carried along. */
  readonly image: string;
  /** Rows of the attack corpus, and parts of the names of the contract's promises. */
  readonly rows: readonly string[] | "all";
  /** Rows of the corpus in the sessions that do a part, where not all do all. */
  readonly fewRows: readonly string[];
  readonly checks: readonly string[] | "all";
  /** The steps of a session that are done. */
  readonly steps: readonly string[] | "all";
  /** Whether even the first session of a machine does little. */
  readonly quick: boolean;
  /** Planted faults that an audit must name, each with its factor. */
  readonly audited: Readonly<Record<string, string>>;
}

/** What a suite for hosts of another architecture is made with. */
export interface Other {
  /** The files of which the image is made. */
  readonly tree: string;
  readonly node: string;
}

/** What the package needs, and what these need. What a module has in a folder of its own comes with it. */
function neededModules(): Set<string> {
  const needed = new Set<string>();
  const add = (folder: string): void => {
    const { dependencies = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
      dependencies?: object;
    };
    for (const name of Object.keys(dependencies)) {
      const nested = join(folder, "node_modules", name);
      const shared = join(root, "node_modules", name);
      if (folder !== root && existsSync(nested)) add(nested);
      else if (!needed.has(name) && existsSync(shared)) {
        needed.add(name);
        add(shared);
      }
    }
  };
  add(root);
  return needed;
}

/**
 * Makes the suite's folder: the packed project with Node and an image, what is run, and what is expected of it.
 * @param choice with this host's own image, whose digests are recorded
 */
export async function makeSuite(folder: string, choice: Choice, other?: Other): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "sameseed"), { recursive: true });
  const packed = execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], {
    cwd: root,
    encoding: "utf8",
  });
  const archive = join(folder, packed.trim().split("\n").at(-1)!);
  execFileSync("tar", ["xzf", archive, "-C", join(modules, "sameseed"), "--strip-components=1"]);
  rmSync(archive);
  for (const name of neededModules())
    cpSync(join(root, "node_modules", name), join(modules, name), { recursive: true });
  copyGuest(folder);
  cpSync(join(root, "tests/determinism/planted"), join(folder, "planted"), { recursive: true });
  copyFileSync(join(root, "tests/determinism/world/fixtures/places.py"), join(folder, "places.py"));
  writeFileSync(join(folder, "actions.json"), JSON.stringify(Array<number>(12).fill(0)));
  copyFileSync(other?.node ?? process.execPath, join(folder, "node"));
  chmodSync(join(folder, "node"), 0o755);
  const program = join(modules, "sameseed/bin/sameseed.js");
  const home = join(folder, "home");
  const carried = other === undefined ? choice.image : await makeCrossImage(other.tree, join(home, "images"));
  const image = join(folder, "image.tar.zst");
  const run = (home: string, ...words: string[]): void => {
    const env = { ...process.env, SAMESEED_HOME: home };
    execFileSync(process.execPath, [program, "image", ...words], {
      env,
      stdio: ["ignore", "ignore", "inherit"],
    });
  };
  run(other === undefined ? homeFolder() : home, "export", carried, image);
  // Machines that are not to import it have it already: that takes one of them as long as all else.
  if (other === undefined) run(home, "import", image);
  // Where a machine's own bubblewrap is too old, ours stands in, which a host with one of its own has not set up.
  if (other === undefined) {
    if (!existsSync(bundledBubblewrapFolder())) await installOwnBubblewrap();
    cpSync(toolsFolder(), join(home, "tools"), { recursive: true });
  }
  record(folder, choice);
  writeFileSync(join(folder, "choice.json"), JSON.stringify({ ...choice, image: carried }));
}

/** This host's own digests, with its own image. */
function record(folder: string, choice: Choice): void {
  writeFileSync(join(folder, "choice.json"), JSON.stringify(choice));
  const recorded = spawnSync(process.execPath, [join(folder, "guest/session.mjs"), "--record"], {
    encoding: "utf8",
  });
  if (recorded.status !== 0)
    throw new Error(`this host's own digests could not be recorded: ${recorded.stderr}`);
}

/** The digest of the image that a suite carries. */
export function packedImage(folder: string): string {
  return (JSON.parse(readFileSync(join(folder, "choice.json"), "utf8")) as Choice).image;
}

/** About how much slower than its host's a processor of software is, and what a kernel that is a program does for processes. */
const slowness = 10;

/**
 * Gives one host a suite of its own, with what is done on it: two hosts may be run at once.
 * @param made the suite that all hosts have, which stays as it is
 * @param folder made anew; its large files are the other's
 */
export function prepareSuite(made: string, folder: string, host: HostSpec, choice: Choice): void {
  rmSync(folder, { recursive: true, force: true });
  execFileSync("cp", ["-al", made, folder]);
  for (const own of ["choice.json", "sessions", "imports", "guest", "seccomp.json"])
    rmSync(join(folder, own), { recursive: true, force: true });
  copyGuest(folder);
  const { unlike = [], patience = 1 } = host;
  const secondTry = isMachine(host) ? slowness : 1;
  writeFileSync(join(folder, "choice.json"), JSON.stringify({ ...choice, unlike, patience, secondTry }));
  writeFileSync(join(folder, "sessions"), host.sessions.map((session) => `${session}\n`).join(""));
  // What an import writes here would lie in memory, on another file system than what it is compared with.
  const imports =
    isMachine(host) && (choice.steps === "all" ? !choice.quick : choice.steps.includes("import"));
  writeFileSync(join(folder, "imports"), imports ? "yes\n" : "no\n");
  mkdirSync(join(folder, "nothing"), { recursive: true });
}

/** Packs the suite as a disk for a machine. */
export function packSuite(folder: string, to: string): void {
  rmSync(to, { force: true });
  execFileSync("mke2fs", ["-q", "-t", "ext4", "-d", folder, to, diskSize]);
}

/** The programs that run in the machine, as they are now, and the profile that containers are started with. */
function copyGuest(folder: string): void {
  copyFileSync(join(root, "docs/guide/container/seccomp.json"), join(folder, "seccomp.json"));
  cpSync(join(import.meta.dirname, "guest"), join(folder, "guest"), { recursive: true });
}
