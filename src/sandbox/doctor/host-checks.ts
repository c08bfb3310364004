import { existsSync, readFileSync, statfsSync } from "node:fs";
import { release } from "node:os";
import { dirname } from "node:path";

import { homeFolder } from "../../base/home.ts";
import { makeOpenFolders } from "../../base/make-folders.ts";
import { requireLinux } from "../../base/require-linux.ts";
import { canListChildren } from "../linux/processes.ts";
import { hostArchitecture } from "../seccomp/compile.ts";
import { hostKind, type HostKind } from "../linux/host-kind.ts";
import { bad, failed, good, poor, type DoctorCheck } from "./verdicts.ts";

const kernelNeeded = [5, 15] as const;
const namespaceKinds = ["user", "pid", "mnt", "net", "ipc", "uts"] as const;
/** Some sandboxes at the same time, each with one namespace of most kinds. */
const namespacesWanted = 1_024;
const openFilesWanted = 4_096;
const diskWantedMb = 1_024;

/** What the kernel and its settings allow; where there is no Linux, that and no more. */
export function checkHost(): DoctorCheck[] {
  try {
    requireLinux();
  } catch (error) {
    return [failed("system", error)];
  }
  return [
    checkSystem(),
    checkKernel(release()),
    checkUserNamespaces(readSetting),
    checkNamespaceCounts(readSetting),
    checkProcessLists(),
    checkOpenFiles(),
    checkDisk(homeFolder()),
  ];
}

function checkSystem(): DoctorCheck {
  const detail = `${process.platform} on ${process.arch}`;
  if (hostArchitecture() !== undefined) return good("system", detail);
  return bad("system", detail, "run Sameseed on x86-64 or arm64");
}

/** @param version as `uname -r` gives it */
export function checkKernel(version: string): DoctorCheck {
  const [major = 0, minor = 0] = version.split(/[.-]/).map(Number);
  const isEnough = major > kernelNeeded[0] || (major === kernelNeeded[0] && minor >= kernelNeeded[1]);
  if (isEnough) return good("kernel", version);
  return bad("kernel", `${version} is older than ${kernelNeeded.join(".")}`, "boot a newer kernel");
}

/** The value of a kernel setting below `/proc/sys`, or undefined if there is none. */
export type ReadSetting = (path: string) => string | undefined;

function readSetting(path: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${path}`, "latin1").trim();
  } catch {
    return undefined;
  }
}

/** Whether the settings let somebody without rights make a user namespace; the outer wall's own check has the last word. */
export function checkUserNamespaces(read: ReadSetting): DoctorCheck {
  const name = "user namespaces";
  if (read("user/max_user_namespaces") === "0")
    return bad(name, "user.max_user_namespaces is 0", "as root: sysctl user.max_user_namespaces=65536");
  if (read("kernel/unprivileged_userns_clone") === "0")
    return bad(
      name,
      "kernel.unprivileged_userns_clone is 0",
      "as root: sysctl kernel.unprivileged_userns_clone=1",
    );
  if (read("kernel/apparmor_restrict_unprivileged_userns") === "1")
    return poor(
      name,
      "AppArmor restricts them to programs with a profile",
      "where the outer wall fails, as root: sysctl kernel.apparmor_restrict_unprivileged_userns=0, or give bubblewrap a profile with `userns,`",
    );
  return good(name, "allowed");
}

/** Whether there are namespaces for many sandboxes at the same time. */
export function checkNamespaceCounts(read: ReadSetting): DoctorCheck {
  const counts = namespaceKinds.map(
    (kind) => [`user.max_${kind}_namespaces`, Number(read(`user/max_${kind}_namespaces`) ?? NaN)] as const,
  );
  const few = counts.filter(([, count]) => count < namespacesWanted);
  if (few.length === 0) {
    const least = Math.min(...counts.map(([, count]) => count).filter((count) => !Number.isNaN(count)));
    return good("namespace counts", `at least ${least} of each kind`);
  }
  const settings = few.map(([setting]) => `${setting}=65536`).join(" ");
  return poor(
    "namespace counts",
    few.map(([setting, count]) => `${setting} is ${count}`).join(", "),
    `as root: sysctl ${settings}`,
  );
}

function checkProcessLists(): DoctorCheck {
  if (canListChildren()) return good("process lists", "the kernel lists a process's children");
  return poor(
    "process lists",
    "this kernel does not list a process's children, so no control groups are used",
    "boot a kernel with CONFIG_PROC_CHILDREN",
  );
}

function checkOpenFiles(): DoctorCheck {
  const limits = readFileSync("/proc/self/limits", "latin1");
  const [, most = "0"] = /^Max open files\s+\S+\s+(\S+)/m.exec(limits) ?? [];
  const count = most === "unlimited" ? Infinity : Number(most);
  if (count >= openFilesWanted) return good("open files", `up to ${most}`);
  return poor(
    "open files",
    `up to ${most}; each concurrent sandbox needs about four`,
    openFilesFix(hostKind()),
  );
}

/** How a process may open more files. Only root can raise a hard limit. */
export function openFilesFix({ isRoot, inContainer, inPod }: Omit<HostKind, "hasSystemd">): string {
  if (inPod)
    return `give the node's container runtime \`LimitNOFILE=${openFilesWanted}\` or more: pods have its limit`;
  if (inContainer) return `run the container with \`--ulimit nofile=${openFilesWanted}:${openFilesWanted}\``;
  return isRoot
    ? `raise the hard limit: ulimit -Hn ${openFilesWanted}`
    : `let root raise this user's hard limit to ${openFilesWanted}: \`nofile\` in /etc/security/limits.conf`;
}

function checkDisk(home: string): DoctorCheck {
  try {
    makeOpenFolders(home);
  } catch {
    // Not ours to write; what is free there is still of interest.
  }
  let folder = home;
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = statfsSync(folder);
  const freeMb = Math.floor((bavail * bsize) / 1024 / 1024);
  if (freeMb >= diskWantedMb) return good("disk", `${freeMb} MiB free at ${home}`);
  return poor(
    "disk",
    `${freeMb} MiB free at ${home}; an image takes some 300`,
    "free some space, or set SAMESEED_HOME to a folder with more",
  );
}
