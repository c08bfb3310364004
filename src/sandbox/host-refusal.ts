import { SameseedError } from "../base/error.ts";
import { hostKind, type HostKind } from "./linux/host-kind.ts";

/** The fixes that more than one refusal has. */
const containerFlags =
  "run the container with `--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined` (Docker) or `--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt unmask=ALL` (Podman); docs/guide/containers.md says what they allow, and has a profile that allows less";
const podSettings =
  "give the pod `hostUsers: false`, and its container `procMount: Unmasked` and a `seccompProfile` that lets it make namespaces; docs/guide/containers.md has all of it for Kubernetes";

const allowNamespaces = "`sysctl kernel.unprivileged_userns_clone=1 user.max_user_namespaces=65536`";

/** A pattern of what was said, and how that is told. */
interface Refusal {
  readonly pattern: RegExp;
  readonly message: string;
  readonly hint: string;
  /** How it is told in a container, where its engine is likelier to refuse than the host. @default as elsewhere */
  readonly contained?: { readonly message: string; readonly hint: string };
  /** The hint in a pod of Kubernetes. @default as in another container */
  readonly inPod?: string;
}

/** The first whose pattern fits counts: bubblewrap says "Creating new namespace failed" before several reasons. */
const refusals: readonly Refusal[] = [
  {
    pattern: /setting up uid map: Permission denied|loopback: Failed RTM_NEWADDR|apparmor/i,
    message: "this host's AppArmor forbids unprivileged user namespaces",
    hint: "as root: `sysctl kernel.apparmor_restrict_unprivileged_userns=0`, or give bubblewrap an AppArmor profile with `userns,`",
  },
  {
    pattern: /Creating new namespace failed: Permission denied/i,
    message: "a security module of this host (AppArmor, SELinux) forbids bubblewrap user namespaces",
    hint: "with AppArmor: give bubblewrap's profile `userns,` and `capability,`; with SELinux: allow its domain `user_namespace create`",
  },
  {
    pattern: /No space left on device|ENOSPC.*namespace|namespace.*ENOSPC|user\.max_/i,
    message: "this host has no namespaces left",
    hint: "as root: raise `user.max_user_namespaces`, `user.max_pid_namespaces`, `user.max_mnt_namespaces` and `user.max_net_namespaces`",
  },
  {
    pattern:
      /No permissions to creat(e|ing) (a )?new namespace|Creating new namespace failed|unshare.*Operation not permitted/i,
    message: "this host forbids user namespaces",
    hint: `as root: ${allowNamespaces}; in a container: \`--security-opt seccomp=unconfined\`, or the profile of docs/guide/containers.md; where AppArmor confines bubblewrap (as root, \`aa-status\`): give its profile \`capability,\` and, from kernel 6.7, \`userns,\``,
    contained: {
      message: "this container forbids user namespaces",
      hint: `${containerFlags}; if it runs with them, its host forbids them: ${allowNamespaces} there, as root`,
    },
    inPod: `${podSettings}; if it runs with them, its node forbids them: ${allowNamespaces} there, as root`,
  },
  {
    pattern: /Can't set hostname|pivot_root: Operation not permitted|Failed to make \/ slave/i,
    message: "this container's seccomp or AppArmor profile forbids what the outer wall is made with",
    hint: containerFlags,
    inPod: `${podSettings}; where nodes have AppArmor, \`appArmorProfile: { type: Unconfined }\``,
  },
  {
    pattern: /Unexpected capabilities but not setuid/i,
    message: "this user has capabilities without being root, which bubblewrap refuses",
    hint: "in Podman: leave out `--cap-add` for an ordinary user, or run as root of the container",
  },
  {
    pattern: /limit core files to 1 byte/i,
    message:
      "this host allows no core files (a hard limit of 0) and hands those of crashed programs to a program of its own all the same",
    hint: "set the hard limit to 1 or more: as root `ulimit -Hc 1`, of a service `LimitCORE=1`, of a container `--ulimit core=1`; or `kernel.core_pattern` to a file's name",
  },
  {
    pattern: /Can't mount proc/i,
    message: "this container masks /proc, so a sandbox cannot have a process namespace of its own",
    hint: containerFlags,
    inPod: podSettings,
  },
  {
    pattern: /ENOENT|No such file or directory/i,
    message: "the outer wall could not find a file it needs",
    hint: "check the image with `sameseed image list` and the host with `sameseed doctor`",
  },
];

/** What a machine that has run out of something looks like; it may have some again soon. */
const shortages: readonly Refusal[] = [
  {
    pattern: /EMFILE|ENFILE|Too many open files/i,
    message: "a zygote needs more open files than this process is allowed",
    hint: "raise the limit on open files (`ulimit -n`) to 1024 or more",
  },
  {
    pattern: /EAGAIN|Resource temporarily unavailable/i,
    message: "the limit on processes is reached",
    hint: "raise the limit on processes (`ulimit -u`, or the `pids` limit of the container)",
  },
  {
    pattern: /ENOMEM|Cannot allocate memory|MemoryError/i,
    message: "there is no memory left for a zygote",
    hint: "free some memory, raise the container's limit, or lower the concurrency",
  },
];

/**
 * Turns what the outer wall said when it ended into an error that names the fix.
 * @param said its last words, empty if it said nothing
 * @param where whether this host is a container, and a pod's. @default what it looks like
 */
export function hostRefusal(
  said: string,
  end?: { readonly code: number | null; readonly signal: string | null },
  where: Pick<HostKind, "inContainer" | "inPod"> = hostKind(),
): SameseedError {
  const known = refusals.find(({ pattern }) => pattern.test(said));
  if (known !== undefined) {
    const { message, hint: usual } = (where.inContainer ? known.contained : undefined) ?? known;
    const hint = (where.inPod ? known.inPod : undefined) ?? usual;
    return new SameseedError("wall_unavailable", message, { hint, context: { said } });
  }
  const short = shortages.find(({ pattern }) => pattern.test(said));
  if (short !== undefined) {
    return new SameseedError("zygote_failed", `a zygote could not be started: ${short.message}`, {
      hint: short.hint,
      context: { said, ...end },
    });
  }
  const how = end === undefined ? "" : end.signal === null ? ` with status ${end.code}` : ` by ${end.signal}`;
  return new SameseedError("zygote_failed", `a zygote ended${how}${said === "" ? "" : `: ${said}`}`, {
    context: { said, ...end },
    hint: "`sameseed doctor` checks what this host allows",
  });
}
