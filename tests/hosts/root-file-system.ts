import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";

import type { MachineSpec } from "./host-list.ts";
import { barePackages, commonPackages } from "./machine-packages.ts";

/** What a machine starts from; kept between runs. */
export interface BootFiles {
  readonly kernel: string;
  /** None where the kernel has in it what it needs. */
  readonly initramfs?: string;
  /** An ext4 file system, which a machine reads and never changes. */
  readonly root: string;
}

const guest = join(import.meta.dirname, "guest");
/** What the first program of a machine must load, where it is not part of the kernel. */
const neededModules = ["virtio_pci", "virtio_mmio", "virtio_blk", "virtio_console", "ext4"];
const rootSize = "6G";

/** The tools this needs, and the packages of Debian that have them. */
export const tools: Readonly<Record<string, string>> = {
  mmdebstrap: "mmdebstrap",
  mke2fs: "e2fsprogs",
  cpio: "cpio",
  depmod: "kmod",
  "qemu-system-x86_64": "qemu-system-x86",
};

/**
 * Builds a host's files from packages, or takes them from the cache.
 * @param mirror where the packages are. @default where this machine has those of its own distribution from
 */
export function bootFiles(host: MachineSpec, cache: string, mirror: string | undefined): BootFiles {
  const folder = join(cache, host.name);
  const isUserMode = host.machine === "user-mode";
  const initramfs = join(folder, "initramfs");
  const files: BootFiles = {
    kernel: join(folder, "kernel"),
    root: join(folder, "root.ext4"),
    ...(isUserMode ? {} : { initramfs }),
  };
  if (Object.values(files).every((file) => existsSync(file))) return files;
  mkdirSync(folder, { recursive: true });
  const tree = join(folder, "tree");
  removeTree(tree);
  unpack(host, tree, mirror ?? ownMirror(host.distribution));
  if (isUserMode) takeUserModeKernel(tree, files.kernel);
  else takeKernel(tree, folder, files.kernel, initramfs);
  if (host.isBare === true) addScript(tree);
  else addService(tree);
  rmSync(files.root, { force: true });
  execFileSync("mke2fs", ["-q", "-t", "ext4", "-d", tree, `${files.root}.part`, rootSize]);
  renameSync(`${files.root}.part`, files.root);
  removeTree(tree);
  return files;
}

/**
 * Removes a tree. One whose making was cut off may have this host's own /dev/shm, /proc and /sys mounted in it, whose files are
 * not the tree's: those mounts go first, and where one stays nothing is removed.
 */
export function removeTree(tree: string): void {
  const mounts = mountsBelow(readFileSync("/proc/self/mountinfo", "utf8"), tree);
  for (const mount of mounts.toReversed()) execFileSync("umount", [mount]);
  rmSync(tree, { recursive: true, force: true });
}

/** The places below a folder where something is mounted, outer ones first. @param mountinfo the text of /proc/self/mountinfo */
export function mountsBelow(mountinfo: string, folder: string): string[] {
  const places = mountinfo
    .split("\n")
    .filter(Boolean)
    .map((line) =>
      line
        .split(" ")[4]!
        .replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCodePoint(parseInt(code, 8))),
    );
  return places.filter((place) => place.startsWith(`${folder}/`));
}

/** What an image is made of: an interpreter with its headers, the C library and the programs it gets. */
const builderPackages =
  "base-files,bash,coreutils,dash,debianutils,findutils,grep,gzip,hostname,libc-bin,libstdc++6,procps,python3-dev,sed,tar,util-linux";

/**
 * The files of which an image for a host of another architecture is made, from the same packages as the host. They are unpacked
 * and not configured; kept between runs.
 */
export function builderTree(host: MachineSpec, cache: string, mirror: string | undefined): string {
  const tree = join(cache, `builder-${host.architecture}`);
  if (existsSync(tree)) return tree;
  const part = `${tree}.part`;
  removeTree(part);
  makeTree(host, part, mirror ?? ownMirror(host.distribution), ["--variant=extract"], builderPackages);
  renameSync(part, tree);
  return tree;
}

/** The kernel of a tree, and what it needs to read its root file system. */
function takeKernel(tree: string, folder: string, kernel: string, initramfs: string): void {
  // Releases before Debian 12 have /lib beside /usr.
  const top = existsSync(join(tree, "usr/lib/modules")) ? join(tree, "usr") : tree;
  const version = readdirSync(join(top, "lib/modules"))[0]!;
  // Distributions that sign for arm64 pack the kernel once more; QEMU unpacks it.
  copyFileSync(join(tree, `boot/vmlinuz-${version}`), kernel);
  writeInitramfs(tree, top, version, folder, initramfs);
}

/** User Mode Linux has its modules in a place of its own, where nothing in a machine looks for them. */
function takeUserModeKernel(tree: string, kernel: string): void {
  copyFileSync(join(tree, "usr/bin/linux.uml"), kernel);
  mkdirSync(join(tree, "usr/lib/modules"), { recursive: true });
  for (const version of readdirSync(join(tree, "usr/lib/uml/modules")))
    symlinkSync(`../uml/modules/${version}`, join(tree, "usr/lib/modules", version));
}

/** Where this machine's apt has a distribution's packages from. */
function ownMirror(distribution: MachineSpec["distribution"]): string {
  const words = ["indextargets", "--format", "$(SITE)", `Origin: ${distribution}`, "Created-By: Packages"];
  const [site = ""] = execFileSync("apt-get", words, { encoding: "utf8" }).split("\n");
  if (site !== "") return site;
  throw new Error(`this machine has no packages of ${distribution}; say where they are: --mirror URL`);
}

function unpack(host: MachineSpec, tree: string, mirror: string): void {
  const isBare = host.isBare === true;
  const packages = [...(isBare ? barePackages : commonPackages), host.kernel, ...(host.packages ?? [])];
  makeTree(host, tree, mirror, [`--variant=${isBare ? "extract" : "minbase"}`], packages.join(","));
}

function makeTree(
  host: MachineSpec,
  tree: string,
  mirror: string,
  how: readonly string[],
  packages: string,
): void {
  const options = [
    ...how,
    "--mode=root",
    `--architectures=${host.architecture}`,
    `--include=${packages}`,
    ...(host.aptOptions ?? []).map((option) => `--aptopt=${option}`),
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-exclude=/usr/share/man/*",
    // A tree that was cut off is made anew.
    "--dpkgopt=force-unsafe-io",
  ];
  const trust = host.isTrusted === true ? "[trusted=yes] " : "";
  const source = `deb ${trust}${mirror} ${host.suite} ${host.components.join(" ")}`;
  execFileSync("nice", ["mmdebstrap", ...options, host.suite, tree, source], {
    stdio: ["ignore", "ignore", "inherit"],
  });
}

function addService(tree: string): void {
  const units = join(tree, "etc/systemd/system");
  mkdirSync(join(units, "multi-user.target.wants"), { recursive: true });
  copyFileSync(join(guest, "sameseed-hosts.service"), join(units, "sameseed-hosts.service"));
  symlinkSync("../sameseed-hosts.service", join(units, "multi-user.target.wants/sameseed-hosts.service"));
  writeFileSync(join(tree, "etc/hostname"), "machine\n");
  writeFileSync(join(tree, "etc/machine-id"), "");
}

/** The script is what a machine starts with. */
function addScript(tree: string): void {
  const init = join(tree, "sbin/init");
  rmSync(init, { force: true });
  copyFileSync(join(guest, "bare-init.sh"), init);
  chmodSync(init, 0o755);
}

function writeInitramfs(tree: string, top: string, version: string, folder: string, to: string): void {
  const stage = join(folder, "initramfs-tree");
  rmSync(stage, { recursive: true, force: true });
  for (const each of ["bin", "modules"]) mkdirSync(join(stage, each), { recursive: true });
  const busybox = ["bin/busybox", "usr/bin/busybox"]
    .map((path) => join(tree, path))
    .find((path) => existsSync(path))!;
  copyFileSync(busybox, join(stage, "bin/busybox"));
  copyFileSync(join(guest, "init.sh"), join(stage, "init"));
  chmodSync(join(stage, "init"), 0o755);
  const base = join(top, "lib/modules", version);
  if (!existsSync(join(base, "modules.dep"))) execFileSync("depmod", ["-b", top, version]);
  const names: string[] = [];
  for (const path of loadOrder(readFileSync(join(base, "modules.dep"), "latin1"), neededModules)) {
    const name = basename(path).replace(/\.(xz|zst|gz)$/, "");
    writeFileSync(join(stage, "modules", name), plainModule(join(base, path)));
    names.push(name);
  }
  writeFileSync(join(stage, "modules/order"), names.map((name) => `${name}\n`).join(""));
  execFileSync("sh", [
    "-c",
    `cd "$1" && find . | cpio -o -H newc --quiet | gzip -1 > "$2"`,
    "pack",
    stage,
    to,
  ]);
  rmSync(stage, { recursive: true, force: true });
}

/**
 * The modules that some need, each after those it depends on. What is part of the kernel is not listed.
 * @param dependencies the text of modules.dep
 */
export function loadOrder(dependencies: string, wanted: readonly string[]): string[] {
  const lines = dependencies
    .split("\n")
    .filter(Boolean)
    .map((line) =>
      line
        .split(": ")
        .flatMap((part) => part.split(" "))
        .map((word) => word.replace(/:$/, ""))
        .filter(Boolean),
    );
  const order: string[] = [];
  for (const name of wanted) {
    const line = lines.find(
      ([path]) =>
        basename(path!)
          .replace(/\.ko.*$/, "")
          .replaceAll("-", "_") === name,
    );
    // modules.dep names what is needed last first.
    for (const path of line?.toReversed() ?? []) if (!order.includes(path)) order.push(path);
  }
  return order;
}

function plainModule(path: string): Uint8Array {
  const unpackers: Readonly<Record<string, string>> = { xz: "xz", zst: "zstd", gz: "gzip" };
  const unpacker = unpackers[path.split(".").at(-1)!];
  return unpacker === undefined
    ? readFileSync(path)
    : execFileSync(unpacker, ["-dc", path], { maxBuffer: 1 << 28 });
}
