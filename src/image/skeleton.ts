import { copyFileSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findOnPath } from "./find-python.ts";

/** Programs that an image has when the host has them. */
const tools: readonly string[] = (
  "sh cat ls echo printf env sleep true false mkdir rmdir rm cp mv head tail wc sort uniq uname date touch seq yes " +
  "dd grep sed id pwd test tr cut sha256sum od stat ln readlink chmod kill timeout nproc tee basename dirname " +
  "base64 find xargs mktemp whoami tar gzip"
).split(" ");

const mountPoints: readonly string[] = ["tmp", "dev", "dev/shm", "proc", "mnt", "root"];

const systemFiles: Readonly<Record<string, string | Buffer>> = {
  "etc/passwd":
    "root:x:0:0:root:/root:/bin/sh\nsandbox:x:1000:1000:sandbox:/tmp:/bin/sh\nnobody:x:65534:65534:nobody:/tmp:/bin/false\n",
  "etc/group": "root:x:0:\nsandbox:x:1000:\nnogroup:x:65534:\n",
  "etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
  "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
  "etc/localtime": coordinatedUniversalTime(),
};

/**
 * What an image says of the processor, on every host the same: one of the class that numeric results are pinned to.
 * Libraries that read the instruction set from the processor itself (cpuinfo, in XLA and PyTorch) still take the number of
 * processors from here, and without it believe that there is no instruction set at all. XLA then fails.
 */
const processor: string = `processor\t: 0
vendor_id\t: GenuineIntel
model name\t: x86-64-v3
physical id\t: 0
siblings\t: 1
core id\t\t: 0
cpu cores\t: 1
apicid\t\t: 0
flags\t\t: fpu tsc cx8 cmov mmx fxsr sse sse2 syscall nx lm pni ssse3 fma cx16 sse4_1 sse4_2 movbe popcnt xsave avx f16c lahf_lm abm bmi1 avx2 bmi2

`;

/** The host's files of the tools that an image gets: name → real path. */
export function findTools(): Map<string, string> {
  const found = new Map<string, string>();
  for (const name of tools) {
    const path = findOnPath(name, "/usr/bin:/bin");
    if (path !== undefined) found.set(name, realpathSync(path));
  }
  return found;
}

/** Makes everything of an image that is neither Python nor a library: folders, `/etc`, tools. */
export function makeSkeleton(root: string): void {
  for (const folder of ["usr/bin", "usr/lib", "usr/lib64", "etc", ...mountPoints]) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  for (const name of ["bin", "lib", "lib64"]) symlinkSync(`usr/${name}`, join(root, name));
  for (const [name, content] of Object.entries(systemFiles)) writeFileSync(join(root, name), content);
  if (process.arch === "x64") writeFileSync(join(root, "proc/cpuinfo"), processor);
  for (const [name, source] of findTools()) copyFileSync(source, join(root, "usr/bin", name));
}

/** A time zone file (RFC 8536, version 1 block alone) that says UTC, with no transitions. */
function coordinatedUniversalTime(): Buffer {
  const header = Buffer.alloc(44);
  header.write("TZif", 0, "latin1");
  header.writeUInt32BE(1, 36); // one local time type
  header.writeUInt32BE(4, 40); // four bytes of names
  return Buffer.concat([header, Buffer.from([0, 0, 0, 0, 0, 0]), Buffer.from("UTC\0", "latin1")]);
}
