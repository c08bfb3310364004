/* Which packages a machine is made of, beside its kernel. */

/** What every machine has: systemd, accounts, and what Node and sandboxes need. */
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
  "libstdc++6",
  "libatomic1",
  "uidmap",
  "bubblewrap",
  "apparmor",
  "busybox-static",
];

/** What a machine has whose first program is a script: that script's programs, and what Node and sandboxes need. */
export const barePackages: readonly string[] = [
  "base-files",
  "bash",
  "coreutils",
  "dash",
  "debianutils",
  "findutils",
  "grep",
  "gzip",
  "hostname",
  "libc-bin",
  "mount",
  "procps",
  "sed",
  "tar",
  "util-linux",
  "kmod",
  "libstdc++6",
  "libatomic1",
  "uidmap",
  "bubblewrap",
  "busybox-static",
];
