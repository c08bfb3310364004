/** Who runs the suite on a machine, and how they came to run. `guest/start.sh` knows how to start each. */
export type Session =
  | "service"
  | "service-limited"
  | "service-delegated"
  | "login-root"
  | "login-user"
  | "user-scope"
  | "apparmor-restricted"
  | "apparmor-profile"
  | "podman-default"
  | "podman-flags"
  | "podman-groups"
  | "podman-rootless"
  | "podman-rootless-flags";

/** One kind of host, built from a distribution's packages. */
export interface HostSpec {
  readonly name: string;
  /** What is there, for the table. */
  readonly what: string;
  readonly architecture: "amd64" | "arm64";
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
  readonly sessions: readonly Session[];
}

const everybody: readonly Session[] = ["service", "login-root", "login-user", "user-scope"];
const restricted: readonly Session[] = ["apparmor-restricted", "apparmor-profile"];
/** Releases that are not finished, and those that are past their end, are served with an index that has run out. */
const anyAge = ['Acquire::Check-Valid-Until "false"'];

/** Every host that `npm run hosts` can build. */
export const hosts: readonly HostSpec[] = [
  {
    name: "debian12",
    what: "Debian 12, systemd, control groups version 2",
    architecture: "amd64",
    suite: "bookworm",
    distribution: "Debian",
    components: ["main"],
    kernel: "linux-image-cloud-amd64",
    sessions: [...everybody, "service-limited", "service-delegated"],
  },
  {
    name: "debian12-podman",
    what: "Debian 12 with Podman",
    architecture: "amd64",
    suite: "bookworm",
    distribution: "Debian",
    components: ["main"],
    kernel: "linux-image-cloud-amd64",
    packages: ["podman", "crun", "slirp4netns", "fuse-overlayfs", "iproute2", "catatonit"],
    sessions: ["podman-default", "podman-flags", "podman-groups", "podman-rootless", "podman-rootless-flags"],
  },
  {
    name: "debian11",
    what: "Debian 11, kernel 5.10",
    architecture: "amd64",
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
    suite: "sid",
    distribution: "Debian",
    components: ["main"],
    aptOptions: anyAge,
    kernel: "linux-image-cloud-amd64",
    sessions: everybody,
  },
  {
    name: "ubuntu2404",
    what: "Ubuntu 24.04, AppArmor restricts user namespaces",
    architecture: "amd64",
    suite: "noble",
    distribution: "Ubuntu",
    components: ["main", "universe"],
    isTrusted: true,
    kernel: "linux-image-virtual",
    sessions: [...everybody, ...restricted],
  },
  {
    name: "debian12-arm64",
    what: "Debian 12 on arm64",
    architecture: "arm64",
    suite: "bookworm",
    distribution: "Debian",
    components: ["main"],
    kernel: "linux-image-cloud-arm64",
    packages: ["python3-venv", "python3-dev", "gcc", "libc6-dev"],
    sessions: ["service", "login-user"],
  },
];

/** What every machine has: systemd, accounts, and what sandboxes need. */
export const commonPackages: readonly string[] = [
  "systemd",
  "systemd-sysv",
  "dbus",
  "dbus-user-session",
  "libpam-systemd",
  "login",
  "passwd",
  "util-linux",
  "procps",
  "kmod",
  "uidmap",
  "bubblewrap",
  "apparmor",
  "busybox-static",
];
