/** Who runs the suite on a machine, and how they came to run. `guest/start.sh` knows how to start each. */
export type Session =
  | "service"
  | "service-limited"
  | "service-delegated"
  | "login-root"
  | "login-user"
  | "user-scope"
  | "plain-user"
  | "nfs-root"
  | "nfs-user"
  | "nfs-fleet"
  | "apparmor-restricted"
  | "apparmor-denied"
  | "apparmor-powerless"
  | "apparmor-powers"
  | "apparmor-profile"
  | "podman-default"
  | "podman-flags"
  | "podman-user"
  | "podman-groups"
  | "podman-mounted"
  | "podman-rootless"
  | "podman-rootless-flags"
  | "podman-rootless-user"
  | "podman-rootless-groups"
  | "podman-rootless-mounted"
  | "docker-default"
  | "docker-flags"
  | "docker-user"
  | "docker-groups"
  | "docker-powers"
  | "docker-rootless-flags"
  | "docker-rootless-groups"
  | "docker-rootless-user";

/** One kind of host. */
export interface HostSpec {
  readonly name: string;
  /** What is there, for the table. */
  readonly what: string;
  readonly sessions: readonly Session[];
  /**
   * What the wall times of the attack corpus's programs are multiplied by. They are made for hardware that does nothing else, and
   * whatever keeps this host busy makes a machine of software slower yet. @default 1, for machines whose time is counted by instructions
   */
  readonly patience?: number;
  /** Parts of the names of promises that this kernel cannot show; the documentation says why. */
  readonly unlike?: readonly string[];
}

/** A machine, built from a distribution's packages. */
export interface MachineSpec extends HostSpec {
  readonly architecture: "amd64" | "arm64";
  /**
   * What the machine is made of. `emulation`: QEMU, every instruction in software. `user-mode`: User Mode Linux, a kernel that
   * is a program; code runs at the host's own speed, only its system calls are slow, and time stamps cannot be caught.
   * @default "emulation"
   */
  readonly machine?: "emulation" | "user-mode";
  /**
   * Whether an emulated machine has one processor whose instructions are its time while it works, a nanosecond each: however slow
   * they are here, and whatever else this host does, work takes as long as on a processor of that speed. While it waits, its time
   * is this host's. @default false: two processors as fast as this host lets them, whose time is this host's
   */
  readonly isCounted?: boolean;
  /**
   * Whether its packages are unpacked and not configured, and its first program is a script that has one session, `service`: a
   * machine whose packages' programs cannot run on the host that builds it. @default false: systemd
   */
  readonly isBare?: boolean;
  /** Whose packages they are, as apt calls their origin. */
  readonly distribution: "Debian" | "Ubuntu";
  /** The distribution's release, and which of its components are needed. */
  readonly suite: string;
  readonly components: readonly string[];
  /** Whether packages are taken without a key: where the builder's distribution has no keyring of this one. @default false */
  readonly isTrusted?: boolean;
  /** Options of apt, for releases whose index is older than it says it may be. */
  readonly aptOptions?: readonly string[];
  /** The package of the kernel, and packages beside those that every machine has. */
  readonly kernel: string;
  readonly packages?: readonly string[];
  /** Words for the kernel's command line. */
  readonly kernelWords?: readonly string[];
}

/** About how much slower than its host a machine of software is, on a host that does other work as well. */
const patience = 10;
const everybody: readonly Session[] = ["service", "login-root", "login-user", "user-scope"];
/** A profile of bubblewrap's own that refuses it rights in its namespaces, and one that gives them: any kernel's AppArmor. */
const confined: readonly Session[] = ["apparmor-powerless", "apparmor-powers"];
/** A profile that refuses the namespaces themselves, and its fix: from kernel 6.7. */
const refused: readonly Session[] = ["apparmor-denied", "apparmor-profile"];
const containers: readonly Session[] = [
  "podman-default",
  "podman-flags",
  "podman-groups",
  "podman-rootless",
  "podman-rootless-flags",
  "podman-rootless-groups",
];
const docked: readonly Session[] = ["docker-default", "docker-flags", "docker-user", "docker-groups"];
/** Its own services would start at once, with a network that machines have not. */
const docker = ["docker.io", "libcap2-bin"];
const withoutServices = ["docker.service", "docker.socket", "containerd.service"].map(
  (unit) => `systemd.mask=${unit}`,
);
const podman = ["podman", "crun", "slirp4netns", "fuse-overlayfs", "iproute2", "catatonit"];
/** Releases that are not finished, and those that are past their end, are served with an index that has run out. */
const anyAge = ['Acquire::Check-Valid-Until "false"'];

/** Every machine that `npm run hosts` can build. */
export const machines: readonly MachineSpec[] = [
  {
    name: "debian12",
    what: "Debian 12, systemd, control groups version 2",
    architecture: "amd64",
    patience,
    suite: "bookworm",
    distribution: "Debian",
    components: ["main"],
    kernel: "linux-image-cloud-amd64",
    sessions: [...everybody, "service-limited", "service-delegated"],
  },
  {
    name: "debian12-user-mode",
    what: "Debian 12 on User Mode Linux 6.1, control groups version 2",
    architecture: "amd64",
    patience,
    machine: "user-mode",
    suite: "bookworm",
    distribution: "Debian",
    components: ["main"],
    kernel: "user-mode-linux",
    packages: [...podman, ...docker],
    kernelWords: ["security=apparmor", ...withoutServices],
    sessions: [...everybody, "service-limited", "service-delegated", ...confined, ...containers, ...docked],
    // 32-bit calls are 64-bit calls there, and 65,536 files take longer than the probe's CPU time.
    unlike: ["calls of another architecture", "disk: /tmp"],
  },
  {
    name: "debian12-podman",
    what: "Debian 12 with Podman",
    architecture: "amd64",
    patience,
    suite: "bookworm",
    distribution: "Debian",
    components: ["main"],
    kernel: "linux-image-cloud-amd64",
    packages: podman,
    sessions: containers,
  },
  {
    name: "debian12-nfs",
    what: "Debian 12, SAMESEED_HOME or a fleet's store on NFS, which the machine serves to itself",
    architecture: "amd64",
    patience,
    suite: "bookworm",
    distribution: "Debian",
    components: ["main"],
    kernel: "linux-image-cloud-amd64",
    packages: ["nfs-kernel-server", "iproute2", "redis-server"],
    sessions: ["nfs-user", "nfs-root", "nfs-fleet"],
  },
  {
    name: "debian11",
    what: "Debian 11, kernel 5.10",
    architecture: "amd64",
    patience,
    suite: "bullseye",
    distribution: "Debian",
    components: ["main"],
    aptOptions: anyAge,
    kernel: "linux-image-cloud-amd64",
    sessions: everybody,
  },
  {
    name: "debian-sid",
    what: "Debian sid, the newest kernel it has",
    architecture: "amd64",
    patience,
    suite: "sid",
    distribution: "Debian",
    components: ["main"],
    aptOptions: anyAge,
    kernel: "linux-image-cloud-amd64",
    sessions: [...everybody, ...confined, ...refused],
  },
  {
    name: "ubuntu2404",
    what: "Ubuntu 24.04, AppArmor restricts user namespaces",
    architecture: "amd64",
    suite: "noble",
    distribution: "Ubuntu",
    components: ["main", "universe"],
    isTrusted: true,
    // At a quarter of a processor of this host's, zygotes did not start in their time.
    isCounted: true,
    kernel: "linux-image-virtual",
    sessions: [...everybody, "apparmor-restricted", ...confined, ...refused],
  },
  {
    name: "ubuntu2204",
    what: "Ubuntu 22.04, kernel 5.15, the oldest that is supported",
    architecture: "amd64",
    suite: "jammy",
    distribution: "Ubuntu",
    components: ["main", "universe"],
    isTrusted: true,
    isCounted: true,
    kernel: "linux-image-virtual",
    sessions: [...everybody, ...confined],
  },
  {
    name: "debian12-arm64",
    what: "Debian 12 on arm64, without systemd, control groups version 2",
    architecture: "arm64",
    suite: "bookworm",
    distribution: "Debian",
    components: ["main"],
    isBare: true,
    isCounted: true,
    kernel: "linux-image-cloud-arm64",
    sessions: ["service", "plain-user"],
  },
];

/** Containers on this host itself, at its own speed: no machine, but its own kernel and the engines that are installed. */
export const engines: readonly HostSpec[] = [
  {
    name: "this-podman",
    what: "this host's Podman, its own kernel",
    patience,
    sessions: [
      "podman-user",
      "podman-default",
      "podman-flags",
      "podman-rootless",
      "podman-rootless-flags",
      "podman-rootless-user",
      "podman-mounted",
      "podman-rootless-mounted",
    ],
  },
  {
    name: "this-docker",
    what: "this host's Docker, its own kernel",
    patience,
    sessions: [
      "docker-user",
      "docker-default",
      "docker-flags",
      "docker-powers",
      "docker-groups",
      "docker-rootless-flags",
      "docker-rootless-user",
      "docker-rootless-groups",
    ],
  },
];

/** Every host of `npm run hosts`. */
export const hosts: readonly (MachineSpec | HostSpec)[] = [...machines, ...engines];

/** Whether a host is a machine that is built. */
export function isMachine(host: HostSpec): host is MachineSpec {
  return "kernel" in host;
}
