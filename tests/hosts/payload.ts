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

import { toolsFolder } from "../../src/base/home.ts";
import type { HostSpec } from "./host-list.ts";

const root = resolve(import.meta.dirname, "../..");
/** Of the disk that the suite is brought on: sparse, so that it costs what lies on it. */
const diskSize = "3G";

/** What is run on a machine. */
export interface Choice {
  /** The digest of the image that is carried along. */
  readonly image: string;
  /** Rows of the attack corpus, and parts of the names of the contract's promises. */
  readonly rows: readonly string[] | "all";
  readonly checks: readonly string[] | "all";
  /** The steps of a session that are done. */
  readonly steps: readonly string[] | "all";
  /** Whether even the first session of a machine does little. */
  readonly quick: boolean;
  /** Planted faults that an audit must name, each with its factor. */
  readonly audited: Readonly<Record<string, string>>;
}

/** Makes the suite's folder: the packed project with Node and an image, what is run, and what is expected of it. */
export function makeSuite(folder: string, choice: Choice): void {
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
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    dependencies: object;
  };
  for (const name of Object.keys(dependencies))
    cpSync(join(root, "node_modules", name), join(modules, name), { recursive: true });
  copyGuest(folder);
  cpSync(join(root, "tests/determinism/planted"), join(folder, "planted"), { recursive: true });
  writeFileSync(join(folder, "choice.json"), JSON.stringify(choice));
  writeFileSync(join(folder, "actions.json"), JSON.stringify(Array<number>(12).fill(0)));
  copyFileSync(process.execPath, join(folder, "node"));
  chmodSync(join(folder, "node"), 0o755);
  const program = join(modules, "sameseed/bin/sameseed.js");
  const image = join(folder, "image.tar.zst");
  execFileSync(process.execPath, [program, "image", "export", choice.image, image]);
  // Machines that are not to import it have it already: that takes one of them as long as all else.
  const env = { ...process.env, SAMESEED_HOME: join(folder, "home") };
  execFileSync(process.execPath, [program, "image", "import", image], { env, stdio: "ignore" });
  // Where a machine's own bubblewrap is too old, ours stands in.
  if (existsSync(toolsFolder())) cpSync(toolsFolder(), join(folder, "home/tools"), { recursive: true });
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

/** Packs the suite for one machine as a disk, with what is done there. */
export function packSuite(folder: string, host: HostSpec, choice: Choice, to: string): void {
  copyGuest(folder);
  writeFileSync(join(folder, "choice.json"), JSON.stringify({ ...choice, unlike: host.unlike ?? [] }));
  writeFileSync(join(folder, "sessions"), host.sessions.map((session) => `${session}\n`).join(""));
  const imports = choice.steps === "all" ? !choice.quick : choice.steps.includes("import");
  writeFileSync(join(folder, "imports"), imports ? "yes\n" : "no\n");
  rmSync(to, { force: true });
  execFileSync("mke2fs", ["-q", "-t", "ext4", "-d", folder, to, diskSize]);
}

/** The programs that run in the machine, as they are now, and the profile that containers are started with. */
function copyGuest(folder: string): void {
  copyFileSync(join(root, "docs/guide/container/seccomp.json"), join(folder, "seccomp.json"));
  cpSync(join(import.meta.dirname, "guest"), join(folder, "guest"), { recursive: true });
}
