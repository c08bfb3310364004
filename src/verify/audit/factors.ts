import type { FactorId, WorldChange } from "./audit-world.ts";

/** One factor and the world in which it alone is another. */
export interface Factor {
  readonly id: FactorId;
  /** What a program depends on that is sensitive to it; follows "depends on". */
  readonly what: string;
  /** The fix, as one sentence. */
  readonly fix: string;
  readonly change: WorldChange;
  /** Whether it is never changed together with others. */
  readonly alone?: boolean;
  /** Whether only the sealed world can change it. */
  readonly needsSeal?: boolean;
}

const sealed = { needsSeal: true } as const;

/** Down to what every x86-64 processor of this century has: another profile than any that rollouts are given. */
const oldProcessor: Readonly<Record<string, string>> =
  process.arch === "x64"
    ? {
        NPY_ENABLE_CPU_FEATURES: "X86_V2",
        OPENBLAS_CORETYPE: "Nehalem",
        GLIBC_TUNABLES: "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4,-AVX512F",
      }
    : { OPENBLAS_CORETYPE: "ARMV8" };

/**
 * Every factor. Where one place in a program is sensitive to several (the clock, and whether it is the real one), the
 * first of this list names the cause: the narrower come before the wider.
 */
export const factors: readonly Factor[] = [
  {
    id: "clock",
    what: "the time",
    fix: "count steps instead of seconds, or take the time from an argument",
    // Another day, and reads that take another time: what only compares two reads notices too.
    change: { settings: { epoch: 1_111_111_111_000_000_000, tick: 37_000 } },
    ...sealed,
  },
  {
    id: "entropy",
    what: "the kernel's entropy: something is not seeded",
    fix: "draw from self.np_random, or from a generator that reset(seed) seeds",
    change: { settings: { entropy_salt: 1 } },
    ...sealed,
  },
  {
    id: "addresses",
    what: "the addresses of objects",
    fix: "number objects yourself, and sort, hash and print them by that number, never by id(), repr() or a set's order",
    change: { perturb: { heap: 12_345 } },
  },
  {
    id: "directory-order",
    what: "the order in which a folder lists its files",
    fix: "sort what os.listdir, os.scandir and glob return",
    change: { settings: { dirents: 1 } },
    ...sealed,
  },
  {
    id: "inode-mtime",
    what: "inode numbers or the times of files",
    fix: "sort files by name, and store other data about them in a file of your own",
    change: { settings: { inode_offset: 1_000_003, mtime_offset: 86_401_000_000_000 } },
    ...sealed,
  },
  {
    id: "cpu-count",
    what: "how many processors there are",
    fix: "take the number of workers from an argument",
    change: { settings: { cpus: 3 } },
    ...sealed,
  },
  {
    id: "pid",
    what: "process ids",
    fix: "use the seed, not os.getpid(), to tell runs apart",
    change: { settings: { pid_offset: 20_000 } },
    ...sealed,
  },
  {
    id: "names",
    what: "the names of the host, the user or the home folder",
    fix: "take names and folders from arguments",
    change: {
      settings: { hostname: "another-host" },
      perturb: { variables: { HOME: "/tmp/another-home", USER: "another", LOGNAME: "another" } },
    },
  },
  {
    id: "time-zone",
    what: "the time zone",
    fix: "use time.gmtime and datetime.now(timezone.utc)",
    change: { perturb: { variables: { TZ: "AUD-9:30" } } },
  },
  {
    id: "locale",
    what: "the locale",
    fix: "set encodings and formats explicitly",
    change: { perturb: { locale: "C" } },
  },
  {
    id: "umask",
    what: "the umask",
    fix: "set file modes with os.chmod",
    change: { perturb: { umask: 0o077 } },
  },
  {
    id: "environment",
    what: "environment variables",
    fix: "take settings from the constructor's arguments",
    change: {
      perturb: {
        variables: {
          COLUMNS: "132",
          LINES: "43",
          TERM: "xterm",
          PATH: "/opt/python/bin:/usr/bin:/bin",
          SAMESEED_AUDIT: "a variable that is not there otherwise",
        },
      },
    },
  },
  {
    id: "cwd",
    what: "the working folder",
    fix: "name files beside __file__, or take the folder from an argument",
    change: { perturb: { folder: "/dev/shm" } },
  },
  {
    id: "descriptors",
    what: "the numbers of file descriptors",
    fix: "do not show or compare what fileno() returns",
    change: { perturb: { descriptors: 11 } },
  },
  {
    id: "garbage-collection",
    what: "when garbage is collected",
    fix: "release in close() instead of in __del__ or through weak references",
    change: { perturb: { collector: 97 } },
  },
  {
    id: "earlier-episode",
    what: "an earlier episode of the same environment: reset() leaves something behind",
    fix: "create all state in reset(), and keep none of it in attributes of the class or the module",
    change: { perturb: { earlierEpisode: 987_654_321 } },
  },
  {
    id: "float-environment",
    what: "the processor's rounding mode, which a library changed",
    fix: "find the library that is built with -ffast-math or calls fesetround, and restore the mode after it",
    change: { perturb: { defaultFloats: true } },
  },
  {
    id: "memory-limit",
    what: "the amount of memory",
    fix: "bound caches by a count, not by MemoryError or free memory",
    change: { memoryTimes: 2 },
  },
  {
    id: "thread-switch",
    what: "which of several threads runs first",
    fix: "join threads before using their results, and order the results explicitly",
    change: { settings: { threads: 1 }, perturb: { switchInterval: 1e-6 } },
  },
  {
    id: "real-clock",
    what: "real time",
    fix: "count work instead of time: steps, nodes, iterations",
    change: { settings: { real_clock: 1 } },
    ...sealed,
  },
  {
    id: "cpu-load",
    what: "how busy the machine is",
    fix: "bound work by counts, not by timeouts",
    change: { busy: 2 },
  },
  {
    id: "history",
    what: "what ran before in the same zygote, which is a defect in Sameseed",
    fix: "please report it",
    change: { before: 3 },
  },
  {
    id: "hash-seed",
    what: "the hashes of strings: the order of a set of strings, or hash() itself",
    fix: "sort sets before anything depends on their order, and use hashlib instead of hash()",
    change: { pins: { environment: { PYTHONHASHSEED: "1" } } },
  },
  {
    id: "blas-threads",
    what: "how many threads the linear algebra library uses",
    fix: "keep large products and inverses out of the environment, or round their results",
    // Such threads wait for each other without asking anybody, so that they cannot take turns.
    change: { settings: { threads: 2 }, perturb: { blasThreads: 2 } },
    alone: true,
  },
  {
    id: "numerics",
    what: "the processor's instructions: which SIMD, BLAS and libm code computes",
    fix: "round before you compare or branch, or avoid sums and products of long arrays",
    change: { pins: { environment: oldProcessor } },
  },
  {
    id: "aslr",
    what: "where the kernel puts libraries and stacks",
    fix: "as for addresses: nothing that is shown may come from an address",
    change: { pins: { freeAddresses: true } },
  },
  {
    id: "cold",
    what: "whether the interpreter was warm, which is a fault of Sameseed's",
    fix: "please report it",
    change: { fresh: true },
  },
];

const byId: ReadonlyMap<string, Factor> = new Map(factors.map((factor) => [factor.id, factor]));

/** How often a world is run again in which a draw, or the order of some objects, may have been the same by chance. */
export const moreDraws = 5;

/** What so many further worlds draw from, or lay memory out by: numbers that no world of {@link factors} has. */
export const moreSalts: readonly number[] = Array.from({ length: moreDraws }, (_, at) => at + 4);

/** Further worlds of another entropy. */
export const moreEntropy: readonly WorldChange[] = moreSalts.map((entropy_salt) => ({
  settings: { entropy_salt },
}));

/** What the host's world leaves to chance and only the sealed world can change, each narrower than real time. */
export const sealedFactors: readonly Factor[] = factors.filter(
  ({ id, needsSeal }) => needsSeal === true && id !== "real-clock",
);

/** What a joint factor such as `clock+pid` is made of. */
export function factorsOf(name: string): readonly Factor[] {
  return name.split("+").flatMap((id) => byId.get(id) ?? []);
}

/** Whether a factor's world can share the zygote of the world that is not changed. */
export function sharesZygote({ change }: Factor): boolean {
  return change.pins === undefined && change.fresh !== true;
}
