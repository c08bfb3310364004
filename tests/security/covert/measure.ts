import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

import type { SandboxBackend } from "../../../src/sandbox/contract.ts";
import { endSource, type Channel } from "./channels.ts";
import { rawSource } from "../walls/probe.ts";
import { messageBits, recovery } from "./message.ts";
import { processParty, sandboxParties, type Party } from "./party.ts";

/** Bits that go through each channel. */
export const bitCount = 1_024;

/** An id for plain processes that no sandbox and no service runs as. */
const controlId = 64_920;
const pageStride = 4 * 4096;

/** What the ends of a channel share, behind the wall and before it. */
export interface SharedTree {
  /** The tree on this host; the sandboxes' root. */
  readonly rootfs: string;
  readonly python: string;
}

/** Where the shared files lie in the tree. */
const shared = { file: "opt/shared-file", pages: "opt/shared-pages" };

/** Puts into a tree what channels share: a small file, and one with pages for all bits. */
export function prepareTree(tree: SharedTree): void {
  writeFileSync(join(tree.rootfs, shared.file), "shared");
  writeDurably(join(tree.rootfs, shared.pages), randomBytes(pageStride * bitCount));
}

/** What is not on the disk yet cannot be thrown out of memory. */
function writeDurably(path: string, data: Uint8Array): void {
  const file = openSync(path, "w", 0o644);
  writeSync(file, data);
  fsyncSync(file);
  closeSync(file);
}

/** Whether this host has the channel at all: an address family may be missing. */
export function canExist(tree: SharedTree, { family }: Channel): boolean {
  if (family === undefined) return true;
  return spawnSync(tree.python, ["-c", `import socket; socket.socket(${family}, 1)`]).status === 0;
}

const chilling = `${rawSource}
import os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
stride = int(sys.argv[2])
def drop(): os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
def read(at):
    began = ticks()
    os.pread(fd, 1, at)
    return ticks() - began
drop()
cold = sorted(read(stride * n) for n in range(64))
warm = sorted(read(stride * n) for n in range(64))
drop()
print(int((cold[40] * warm[40]) ** 0.5))`;

/** Throws a file out of memory; gives the ticks of the processor's clock between those of a read that finds its page and one that does not. */
function chill(path: string, tree: SharedTree): number {
  const run = spawnSync(tree.python, ["-c", chilling, path, String(pageStride)], { encoding: "utf8" });
  if (run.status !== 0) throw new Error(run.stderr);
  return Number(run.stdout);
}

/** How much of the message one sandbox tells another that runs beside it. */
export async function measureSandboxes(
  backend: SandboxBackend,
  tree: SharedTree,
  channel: Channel,
): Promise<number> {
  const name = channel.coldFile === true ? shared.pages : shared.file;
  const coldTicks = channel.coldFile === true ? chill(join(tree.rootfs, name), tree) : 0;
  const parameters = { file: `/${name}`, token: token(), coldTicks };
  const sources = [
    endSource(channel, "writer", parameters),
    endSource(channel, "reader", parameters),
  ] as const;
  return await play(await sandboxParties(backend, sources, channel.limits));
}

/** The same for two plain processes of one user of this host: how much the channel carries where nothing closes it. */
export async function measureProcesses(tree: SharedTree, channel: Channel): Promise<number> {
  const user = process.getuid!() === 0 ? controlId : undefined;
  const folder = mkdtempSync("/dev/shm/sameseed-covert-");
  chmodSync(folder, 0o755);
  // A file in memory has no cold pages.
  const file = channel.coldFile === true ? `${tree.rootfs}-pages` : join(folder, "file");
  const original = join(tree.rootfs, channel.coldFile === true ? shared.pages : shared.file);
  writeDurably(file, readFileSync(original));
  if (user !== undefined) chownSync(file, user, user);
  const coldTicks = channel.coldFile === true ? chill(file, tree) : 0;
  const parameters = { file, token: token(), coldTicks, ...(user === undefined ? {} : { user }) };
  const input = channel.sharedInput === true ? openSync(file, "r") : ("ignore" as const);
  try {
    const options = { python: tree.python, input };
    const parties: [Party, Party] = [
      await processParty(endSource(channel, "writer", parameters), options),
      await processParty(endSource(channel, "reader", parameters), options),
    ];
    return await play(parties);
  } finally {
    if (typeof input === "number") closeSync(input);
    rmSync(folder, { recursive: true });
    rmSync(file, { force: true });
  }
}

async function play([writer, reader]: readonly [Party, Party]): Promise<number> {
  const sent = messageBits(bitCount);
  const read: boolean[] = [];
  try {
    for (const bit of sent) {
      await writer.ask(bit ? "1" : "0");
      read.push((await reader.ask("r")) === "1");
    }
  } finally {
    await Promise.all([writer.end(), reader.end()]);
  }
  return recovery(sent, read);
}

function token(): string {
  return randomBytes(4).toString("hex");
}
