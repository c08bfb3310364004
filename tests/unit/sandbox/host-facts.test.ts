import { spawnSync } from "node:child_process";

import { expect, test } from "vitest";

import { findBubblewrap } from "../../../src/image/find-bubblewrap.ts";
import {
  checkKernel,
  checkNamespaceCounts,
  checkUserNamespaces,
  openFilesFix,
} from "../../../src/sandbox/doctor/host-checks.ts";
import { hostIdsFix, limitsFix, limitsHeld } from "../../../src/sandbox/doctor/sandbox-checks.ts";
import { areGroupsClosed, isPodHosts } from "../../../src/sandbox/linux/host-kind.ts";
import { hostRefusal } from "../../../src/sandbox/host-refusal.ts";
import { numericClass } from "../../../src/sandbox/linux/numeric-class.ts";
import { startError } from "../../../src/sandbox/zygote/slot-errors.ts";
import { signalOfStatus } from "../../../src/sandbox/linux/signal-name.ts";

const v3 = "fpu avx avx2 bmi1 bmi2 f16c fma abm movbe xsave sse4_2";

test("the numeric class asks for every feature of its level", () => {
  const cpuinfo = (flags: string): string => `processor\t: 0\nflags\t\t: ${flags}\nbogomips\t: 1\n`;
  expect(numericClass(cpuinfo(v3), "x64")).toBe("x86-64-v3");
  expect(numericClass(cpuinfo(`${v3} avx512f`), "x64")).toBe("x86-64-v3");
  for (const missing of ["avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"]) {
    const flags = v3.split(" ").filter((flag) => flag !== missing);
    expect(numericClass(cpuinfo(flags.join(" ")), "x64"), missing).toBe("native");
  }
  expect(numericClass(cpuinfo(v3), "arm64")).toBe("native");
  expect(numericClass("", "x64")).toBe("native");
});

test.for([
  ["bwrap: setting up uid map: Permission denied", "wall_unavailable", "AppArmor"],
  ["bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted", "wall_unavailable", "apparmor"],
  [
    "bwrap: No permissions to create new namespace, likely because the kernel does not allow non-privileged user namespaces",
    "wall_unavailable",
    "unprivileged_userns_clone",
  ],
  [
    "bwrap: No permissions to creating new namespace, likely because the kernel does not allow non-privileged user namespaces. On e.g. debian this can be enabled with 'sysctl kernel.unprivileged_userns_clone=1'.",
    "wall_unavailable",
    "unprivileged_userns_clone",
  ],
  [
    "bwrap: Creating new namespace failed: nesting depth or /proc/sys/user/max_*_namespaces exceeded (ENOSPC)",
    "wall_unavailable",
    "no namespaces left",
  ],
  ["bwrap: Creating new namespace failed: Permission denied", "wall_unavailable", "security module"],
  [
    "bwrap: Creating new namespace failed: Operation not permitted",
    "wall_unavailable",
    "max_user_namespaces",
  ],
  // What AppArmor's refusal of CAP_SYS_ADMIN in the new namespace looks like.
  [
    "bwrap: No permissions to create new namespace, likely because the kernel does not allow non-privileged user namespaces. On e.g. debian this can be enabled with 'sysctl kernel.unprivileged_userns_clone=1'.",
    "wall_unavailable",
    "give its profile `capability,`",
  ],
  [
    "bwrap: Can't mount proc on /newroot/proc: Operation not permitted",
    "wall_unavailable",
    "systempaths=unconfined",
  ],
  [
    "bwrap: Can't set hostname to sandbox: Operation not permitted",
    "wall_unavailable",
    "seccomp=unconfined --security-opt apparmor=unconfined --security-opt unmask=ALL",
  ],
  ["bwrap: Unexpected capabilities but not setuid, old file caps config?", "wall_unavailable", "--cap-add"],
  ["limit core files to 1 byte: Operation not permitted", "wall_unavailable", "LimitCORE=1"],
  ["make an empty network namespace: No space left on device", "wall_unavailable", "max_net_namespaces"],
  ["make an inbox: Too many open files", "zygote_failed", "ulimit -n"],
  ["spawn bwrap EAGAIN", "zygote_failed", "ulimit -u"],
  ["fork: Cannot allocate memory", "zygote_failed", "free some memory"],
  ["Traceback: ImportError", "zygote_failed", "doctor"],
  ["", "zygote_failed", "doctor"],
] as const)("what the outer wall says is told with its fix: %s", ([said, code, fix]) => {
  const error = hostRefusal(said, { code: 1, signal: null }, { inContainer: false, inPod: false });
  expect(error.code).toBe(code);
  expect(`${error.message} ${error.hint}`).toContain(fix);
});

// Docker's own filter refuses namespaces to whoever has no CAP_SYS_ADMIN.
test("a container that forbids namespaces is told with every flag that it needs", () => {
  for (const said of [
    "bwrap: No permissions to create new namespace, likely because the kernel does not allow non-privileged user namespaces",
    "bwrap: Creating new namespace failed: Operation not permitted",
  ]) {
    const { code, message, hint } = hostRefusal(
      said,
      { code: 1, signal: null },
      { inContainer: true, inPod: false },
    );
    expect([code, message]).toEqual(["wall_unavailable", "this container forbids user namespaces"]);
    for (const flag of ["seccomp=unconfined", "apparmor=unconfined", "systempaths=unconfined", "unmask=ALL"])
      expect(hint).toContain(flag);
  }
});

test.for([
  "bwrap: No permissions to create new namespace, likely because the kernel does not allow non-privileged user namespaces",
  "bwrap: Can't mount proc on /newroot/proc: Operation not permitted",
  "bwrap: Can't set hostname to sandbox: Operation not permitted",
])("a pod is told what its YAML lacks, not the flags of an engine: %s", (said) => {
  const { code, message, hint } = hostRefusal(said, undefined, { inContainer: true, inPod: true });
  expect([code, message]).toEqual(["wall_unavailable", expect.stringContaining("this container")]);
  for (const setting of ["hostUsers: false", "procMount: Unmasked", "seccompProfile"])
    expect(hint).toContain(setting);
  expect(hint).not.toContain("--security-opt");
});

test("a pod is known by the list of hosts that its kubelet writes", () => {
  expect(isPodHosts("# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n")).toBe(true);
  expect(isPodHosts("# Kubernetes-managed hosts file (host network).\n")).toBe(true);
  expect(isPodHosts("127.0.0.1\tlocalhost\n# Kubernetes-managed hosts file.\n")).toBe(false);
  expect(isPodHosts("")).toBe(false);
});

test.for([
  ["echo 0 > /proc/sys/user/max_user_namespaces; exec $BUBBLEWRAP", "no namespaces left"],
  // Whoever has another root than the mount namespace may not make a user namespace.
  [
    "mount -t tmpfs tmpfs /mnt; mkdir /mnt/all; mount --rbind / /mnt/all; exec chroot /mnt/all $BUBBLEWRAP",
    "forbids user namespaces",
  ],
] as const)(
  "bubblewrap's own words are known where no namespace can be made: %s",
  async ([script, message]) => {
    const { path } = (await findBubblewrap())!;
    const { status, stderr } = spawnSync("unshare", ["-r", "-m", "sh", "-e", "-c", script], {
      encoding: "utf8",
      env: { ...process.env, BUBBLEWRAP: `${path} --unshare-user --ro-bind / / /bin/true` },
    });
    expect(status, stderr).toBe(1);
    const error = hostRefusal(stderr, undefined, { inContainer: false, inPod: false });
    expect([error.code, error.message]).toEqual(["wall_unavailable", expect.stringContaining(message)]);
  },
);

test.for([
  ["park a stream: Too many open files", "ulimit -n"],
  ["/proc/sys/net/core/somaxconn: Read-only file system", "systempaths=unconfined"],
  ["have listening sockets counted: Device or resource busy", "LXD"],
  ["setrlimit: Operation not permitted", "doctor"],
] as const)("what a sandbox's own wall says is told with its fix: %s", ([reason, fix]) => {
  expect(startError(reason)).toMatchObject({ code: "sandbox_failed", context: { reason } });
  expect(startError(reason).hint).toContain(fix);
});

test.for([
  ["4:memory:/x\n8:pids:/x\n0::/\n", "         0          0 4294967295\n", false],
  [
    "4:memory:/x\n8:pids:/x\n0::/\n",
    "         0       1000          1\n         1     100000      65536\n",
    true,
  ],
  ["9:cpu,memory:/x\n", "0 100000 65536\n", true],
  ["5:hugememory:/x\n0::/memory\n", "0 100000 65536\n", false],
  ["0::/user.slice\n", "0 1000 1\n", false],
] as const)(
  "groups of version 1 are closed to a user namespace, others are not: %j %j",
  ([groups, ids, is]) => {
    expect(areGroupsClosed(groups, ids)).toBe(is);
  },
);

test("a fix fits the host: nothing of systemd where there is none, no root for root", () => {
  const host = {
    isRoot: false,
    inContainer: false,
    inPod: false,
    hasSystemd: false,
    areGroupsClosed: false,
  };
  expect(limitsFix({ ...host, hasSystemd: true })).toContain("systemd-run");
  expect(limitsFix(host)).toBe("run as root");
  expect(limitsFix({ ...host, isRoot: true })).toBeUndefined();
  const container = limitsFix({ ...host, isRoot: true, inContainer: true });
  expect(container).toContain("--cgroupns=host");
  expect(container).toContain("unmask=/sys/fs/cgroup");
  expect(container).not.toMatch(/systemd|as root/);
  const closed = limitsFix({ ...host, isRoot: true, inContainer: true, areGroupsClosed: true });
  expect(closed).toContain("have root of the host start the container");
  expect(closed).not.toContain("unmask");
  expect(hostIdsFix({ ...host, isRoot: true })).not.toContain("install");
  expect(hostIdsFix(host)).toContain("install newuidmap");
  expect(hostIdsFix({ ...host, inContainer: true })).toContain("file capabilities");
  expect(openFilesFix({ ...host, isRoot: true })).toContain("ulimit -Hn 4096");
  expect(openFilesFix(host)).toContain("let root raise");
  const pod = { ...host, inContainer: true, inPod: true };
  for (const isRoot of [true, false]) {
    expect(limitsFix({ ...pod, isRoot, areGroupsClosed: true })).toBeUndefined();
    expect(openFilesFix({ ...pod, isRoot })).toContain("LimitNOFILE=4096");
  }
  expect(hostIdsFix(pod)).toContain("allowPrivilegeEscalation: true");
  expect(hostIdsFix({ ...pod, isRoot: true })).toContain("runAsUser");
  // In a container nobody can, not even its root.
  for (const isRoot of [true, false])
    expect(openFilesFix({ ...host, isRoot, inContainer: true })).toContain("--ulimit nofile=4096:4096");
});

test("a process's status is an exit or a signal's usual name", () => {
  expect([0, 3 << 8, 9, 6, 11, 31, 0x8b, 40].map(signalOfStatus)).toEqual([
    null,
    null,
    "SIGKILL",
    "SIGABRT",
    "SIGSEGV",
    "SIGSYS",
    "SIGSEGV",
    "SIG40",
  ]);
});

test("kernels before 5.15 are refused", () => {
  expect(["4.19.0", "5.4.0-150-generic", "5.14.21"].map((each) => checkKernel(each).ok)).toEqual([
    false,
    false,
    false,
  ]);
  expect(["5.15.0", "5.15.153.1-microsoft", "6.1.0-18", "10.0"].map((each) => checkKernel(each).ok)).toEqual([
    true,
    true,
    true,
    true,
  ]);
});

test("settings that forbid user namespaces are named with the command that changes them", () => {
  const read =
    (settings: Record<string, string>) =>
    (path: string): string | undefined =>
      settings[path];
  const forbidden = [{ "user/max_user_namespaces": "0" }, { "kernel/unprivileged_userns_clone": "0" }];
  for (const settings of forbidden) {
    const check = checkUserNamespaces(read(settings));
    expect(check.ok).toBe(false);
    expect(check.fix).toContain("sysctl");
  }
  const restricted = checkUserNamespaces(read({ "kernel/apparmor_restrict_unprivileged_userns": "1" }));
  expect([restricted.ok, restricted.warning]).toEqual([true, true]);
  expect(checkUserNamespaces(read({}))).toMatchObject({ ok: true, warning: false });
  const few = checkNamespaceCounts(
    read({ "user/max_net_namespaces": "15", "user/max_pid_namespaces": "90000" }),
  );
  expect(few).toMatchObject({
    ok: true,
    warning: true,
    fix: "as root: sysctl user.max_net_namespaces=65536",
  });
});

test("limits that an administrator set for a unit are told apart from those every unit has", () => {
  expect(limitsHeld("cgroup-v2", ["TasksMax=4000"])).toMatchObject({ ok: true, warning: false });
  const told = limitsHeld("cgroup-v2", ["MemoryMax=1000", "TasksMax=4000"]);
  expect(told).toMatchObject({ ok: true, warning: true, detail: expect.stringContaining("MemoryMax=1000") });
  expect(told.fix).toContain("Delegate=yes");
});
