import { hostLibrary, worldLibrary } from "../../image/compile-native.ts";
import type { NetworkMode } from "../../model/limits.ts";
import type { WorldMode } from "../../model/receipt.ts";

/** Where the guest's root is prepared inside the outer wall; each sandbox makes it its root and leaves the rest behind. */
const guestRoot = "/mnt";

const zygoteCommand = ["/opt/python/bin/python3", "-P", "-s", "-B", "/opt/sameseed/sameseed/zygote.py"];

/**
 * Settings of the network namespace of whoever opens them. A sandbox with a network makes its kernel's queues small there
 * before it leaves the outer wall's `/proc` behind (`native/zygote/loopback.c`); elsewhere the wall has them read-only.
 */
const networkSettings = "/proc/sys/net";

const plainDevices = ["null", "zero", "full"];

/**
 * Devices of chance. A sealed world has none of the machine's: in their place lie folders that nobody may open. So no
 * path, link, folder or system call leads to the machine's entropy, and the world's library, which knows the two, answers
 * an open of them with seeded bytes (`native/world/files/devices.c`).
 */
const chanceDevices = ["random", "urandom"];

/**
 * What else a sealed world pins. Libraries that ask the processor for entropy are told that it has none, and what follows
 * from the size of a terminal or the number of processors is the same everywhere.
 */
const sealedEnvironment: Readonly<Record<string, string>> = {
  LD_PRELOAD: worldLibrary,
  // RDRAND is bit 30 of leaf 1's ECX, RDSEED bit 18 of leaf 7's EBX.
  OPENSSL_ia32cap: "~0x4000000000000000:~0x40000",
  QT_NO_CPU_FEATURE: "rdrnd rdseed",
  PYTHON_CPU_COUNT: "1",
  COLUMNS: "80",
  LINES: "24",
};

/** What programs have in spite of the wall: `native/host/host.c` says what. */
const hostEnvironment: Readonly<Record<string, string>> = { LD_PRELOAD: hostLibrary };

/** What Numba compiles for. It would ask the processor, and sum in another order where that has AVX-512 and a program allows it. */
const numbaAtV3: Readonly<Record<string, string>> = {
  NUMBA_CPU_NAME: "haswell",
  NUMBA_CPU_FEATURES:
    "+sse4.2,+popcnt,+avx,+avx2,+bmi,+bmi2,+f16c,+fma,+fsgsbase,+lzcnt,+movbe,+pclmul,+cx16,+sahf,+xsave",
};

/**
 * What tells the C library that the processor has no AVX-512. Where it has, the linker looks for libraries in more folders, and takes
 * more memory for their names: types and large objects would have other addresses. The world's library takes the variable out of what
 * programs see, and gives it to every program that they begin.
 */
const libcAtV3: Readonly<Record<string, string>> = {
  GLIBC_TUNABLES: `glibc.cpu.hwcaps=${["F", "CD", "BW", "DQ", "VL", "ER", "PF"].map((part) => `-AVX512${part}`).join(",")}`,
};

/**
 * The zygote's whole environment. One thread each for the numeric libraries: a zygote must be single-threaded to be
 * forked, and thread counts change results.
 */
export function zygoteEnvironment(
  numericClass: string,
  world: WorldMode = "host",
): Readonly<Record<string, string>> {
  return {
    PATH: "/usr/local/bin:/opt/python/bin:/usr/bin:/bin",
    HOME: "/tmp",
    LANG: "C.UTF-8",
    LC_ALL: "C.UTF-8",
    TZ: "UTC",
    USER: "sandbox",
    PYTHONHASHSEED: "0",
    OPENBLAS_NUM_THREADS: "1",
    OMP_NUM_THREADS: "1",
    MKL_NUM_THREADS: "1",
    NUMEXPR_NUM_THREADS: "1",
    SDL_VIDEODRIVER: "dummy",
    SDL_AUDIODRIVER: "dummy",
    PYGAME_HIDE_SUPPORT_PROMPT: "hide",
    ...(numericClass === "x86-64-v3"
      ? { OPENBLAS_CORETYPE: "Haswell", NPY_ENABLE_CPU_FEATURES: "X86_V3", ...numbaAtV3 }
      : {}),
    ...(numericClass === "x86-64-v3" && world === "sealed" ? libcAtV3 : {}),
    ...(world === "sealed" ? sealedEnvironment : hostEnvironment),
  };
}

/** Descriptors over which the outer wall is given its ids. */
export interface IdPipes {
  /** It writes `{"child-pid": PID}`, and more. */
  readonly info: number;
  /** It waits for a byte. */
  readonly block: number;
}

/**
 * The outer wall around a zygote: the image read-only as `/`, and once more at {@link guestRoot} without the outer
 * wall's `/proc`. Only namespaces of its own; root in its user namespace, because it has to make its children's.
 * @param world what its sandboxes live in. @default "host"
 * @param command what runs inside. @default the zygote
 * @param pipes where it tells its first process and waits for ids. @default it maps the one id it has
 * @param network whether some of its sandboxes have one of their own. @default "none"
 */
export function bubblewrapArguments(
  rootfs: string,
  environment: Readonly<Record<string, string>>,
  world: WorldMode = "host",
  command: readonly string[] = zygoteCommand,
  pipes?: IdPipes,
  network: NetworkMode = "none",
): string[] {
  return [
    pipes === undefined ? [] : ["--info-fd", String(pipes.info), "--userns-block-fd", String(pipes.block)],
    ["--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"],
    ["--unshare-cgroup-try", "--uid", "0", "--gid", "0", "--cap-add", "ALL", "--hostname", "sandbox"],
    ["--die-with-parent", "--new-session", "--clearenv"],
    Object.entries(environment).flatMap(([name, value]) => ["--setenv", name, value]),
    ["--ro-bind", rootfs, "/", "--proc", "/proc"],
    network === "none" ? [] : ["--bind", networkSettings, networkSettings],
    // The warm-up runs here, and what it draws is in every sandbox.
    world === "sealed" ? devicesAt("/dev", world) : ["--dev", "/dev"],
    ["--tmpfs", "/tmp"],
    ["--ro-bind", rootfs, guestRoot],
    devicesAt(`${guestRoot}/dev`, world),
    ["--remount-ro", `${guestRoot}/dev`],
    ["--chdir", "/", "--", ...command],
  ].flat();
}

function devicesAt(folder: string, world: WorldMode): string[] {
  const bind = (device: string): string[] => ["--dev-bind", `/dev/${device}`, `${folder}/${device}`];
  const close = (device: string): string[] => ["--perms", "0000", "--dir", `${folder}/${device}`];
  return [
    ["--perms", "0755", "--tmpfs", folder],
    plainDevices.flatMap(bind),
    chanceDevices.flatMap(world === "sealed" ? close : bind),
    ["--perms", "0755", "--dir", `${folder}/shm`],
  ].flat();
}
