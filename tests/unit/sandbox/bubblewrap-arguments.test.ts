import { expect, test } from "vitest";

import { bubblewrapArguments, zygoteEnvironment } from "../../../src/sandbox/zygote/bubblewrap-arguments.ts";

test("the outer wall is asked for exactly this", () => {
  expect(bubblewrapArguments("/images/rootfs", { NAME: "value" }).join(" ").split(" --"))
    .toMatchInlineSnapshot(`
    [
      "--unshare-user",
      "unshare-pid",
      "unshare-net",
      "unshare-ipc",
      "unshare-uts",
      "unshare-cgroup-try",
      "uid 0",
      "gid 0",
      "cap-add ALL",
      "hostname sandbox",
      "die-with-parent",
      "new-session",
      "clearenv",
      "setenv NAME value",
      "ro-bind /images/rootfs /",
      "proc /proc",
      "dev /dev",
      "tmpfs /tmp",
      "ro-bind /images/rootfs /mnt",
      "perms 0755",
      "tmpfs /mnt/dev",
      "dev-bind /dev/null /mnt/dev/null",
      "dev-bind /dev/zero /mnt/dev/zero",
      "dev-bind /dev/full /mnt/dev/full",
      "dev-bind /dev/random /mnt/dev/random",
      "dev-bind /dev/urandom /mnt/dev/urandom",
      "perms 0755",
      "dir /mnt/dev/shm",
      "remount-ro /mnt/dev",
      "chdir /",
      " /opt/python/bin/python3 -P -s -B /opt/sameseed/sameseed/zygote.py",
    ]
  `);
});

test("the network's settings are there to be set only where some sandboxes have a network", () => {
  const bind = "--proc /proc --bind /proc/sys/net /proc/sys/net";
  const words = (network?: "loopback"): string =>
    bubblewrapArguments("/images/rootfs", {}, "host", undefined, undefined, network).join(" ");
  expect(words("loopback")).toContain(bind);
  expect(words()).not.toContain("/proc/sys");
});

test("a sealed world has closed folders for the devices of chance, in its sandboxes and where the warm-up runs", () => {
  const words = bubblewrapArguments("/images/rootfs", {}, "sealed").join(" ");
  for (const folder of ["/dev", "/mnt/dev"])
    for (const device of ["random", "urandom"])
      expect(words).toContain(`--perms 0000 --dir ${folder}/${device} `);
  expect(words).not.toContain("/dev/urandom /");
  expect(words).not.toContain("--dev /dev");
  expect(words).toContain("--dir /mnt/dev/shm --remount-ro /mnt/dev");
});

test("the environment pins what changes results, and the numeric class where there is one", () => {
  expect(zygoteEnvironment("x86-64-v3")).toMatchObject({
    PYTHONHASHSEED: "0",
    TZ: "UTC",
    LC_ALL: "C.UTF-8",
    OPENBLAS_NUM_THREADS: "1",
    OMP_NUM_THREADS: "1",
    OPENBLAS_CORETYPE: "Haswell",
  });
  expect(Object.keys(zygoteEnvironment("native"))).not.toContain("OPENBLAS_CORETYPE");
});

test("a sealed world has its library in front of all others, and no entropy of the processor's", () => {
  const { LD_PRELOAD: library, ...host } = zygoteEnvironment("native");
  const { LD_PRELOAD, OPENSSL_ia32cap, ...rest } = zygoteEnvironment("native", "sealed");
  expect(LD_PRELOAD).toBe("/opt/sameseed/libworld.so");
  expect(rest).toMatchObject({ ...host, PYTHON_CPU_COUNT: "1", COLUMNS: "80" });
  expect(library).toBe("/opt/sameseed/libhost.so");
  const [leaf1, leaf7] = OPENSSL_ia32cap!.split(":").map((mask) => BigInt(mask.slice(1)));
  expect(leaf1! >> 32n, "RDRAND, bit 30 of ECX").toBe(1n << 30n);
  expect(leaf7!, "RDSEED, bit 18 of EBX").toBe(1n << 18n);
});
