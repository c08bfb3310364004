import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { SameseedError } from "../../base/error.ts";
import { FirstBytes } from "../../base/kept-bytes.ts";
import { worldLibrary } from "../../image/compile-native.ts";
import { findBubblewrap } from "../../image/find-bubblewrap.ts";
import { resolveImage, type ResolvedImage } from "../../image/image-store.ts";
import { defaultLimits } from "../../model/limits.ts";
import type { BackendReceipt } from "../contract.ts";
import { hostRefusal } from "../host-refusal.ts";
import { unprivilegedId } from "../linux/host-ids.ts";
import { groupPlaces, ownSurroundings } from "../linux/cgroup-places.ts";
import { openGroups } from "../linux/open-groups.ts";
import { areSet } from "../linux/unit-limits.ts";
import { ZygoteBackend } from "../zygote/backend.ts";
import { bubblewrapArguments } from "../zygote/bubblewrap-arguments.ts";
import { areGroupsClosed, hostKind, type HostKind } from "../linux/host-kind.ts";
import { checkSockets } from "./socket-checks.ts";
import { worldFix } from "./world-fix.ts";
import { bad, failed, good, poor, type DoctorCheck } from "./verdicts.ts";

/** Prints, from inside, what is wrong with the wall: nothing. */
const probe = `
import ctypes, os, platform, socket
libc = ctypes.CDLL(None, use_errno=True)
capget = 125 if platform.machine() == "x86_64" else 90
data = (ctypes.c_uint32 * 6)()
libc.syscall(capget, (ctypes.c_uint32 * 2)(0x20080522, 0), data)
def opens(family):
    try: socket.socket(family).close()
    except OSError: return False
    return True
def writes(path):
    try: open(path, "w").close()
    except OSError: return False
    return True
print("; ".join(text for holds, text in (
    (os.getpid() == 1, "it sees other processes"),
    (os.getuid() != 0, "it is root"),
    (not any(data), "it has capabilities"),
    (libc.prctl(39, 0, 0, 0, 0) == 1, "it may gain privileges"),
    (libc.prctl(21, 0, 0, 0, 0) == 2, "no seccomp filter is on"),
    (not os.path.exists("/proc/self"), "it sees /proc"),
    (not os.path.exists("/sys/kernel"), "it sees /sys"),
    (not any(opens(family) for family in (1, 2, 10, 16, 40)), "it can make sockets"),
    (not writes("/opt/probe") and not writes("/probe"), "it can write to the image"),
    (writes("/tmp/probe") and writes("/dev/shm/probe"), "it has no /tmp of its own"),
) if not holds))
`;

/** What really starts: the outer wall alone, then a whole sandbox that looks at its own wall. */
export async function checkSandbox(imageName: string): Promise<DoctorCheck[]> {
  let image: ResolvedImage;
  try {
    image = resolveImage(imageName);
  } catch {
    return [
      bad("outer wall", "not tried: there is no image"),
      bad("sandbox", "not tried: there is no image"),
    ];
  }
  const outer = await checkOuterWall(image);
  if (!outer.ok) return [outer, bad("sandbox", "not tried: the outer wall does not stand")];
  return [outer, ...(await checkWholeSandbox(image))];
}

async function checkOuterWall(image: ResolvedImage): Promise<DoctorCheck> {
  const name = "outer wall";
  try {
    const bubblewrap = await findBubblewrap();
    if (bubblewrap === undefined) return bad(name, "not tried: there is no bubblewrap");
    const isRoot = process.getuid?.() === 0;
    const command = ["/opt/python/bin/python3", "-I", "-c", "pass"];
    const args = bubblewrapArguments(image.rootfs, {}, "host", command);
    const child = spawn(bubblewrap.path, args, {
      stdio: ["ignore", "ignore", "pipe"],
      env: {},
      cwd: "/",
      ...(isRoot ? { uid: unprivilegedId, gid: unprivilegedId } : {}),
    });
    const said = new FirstBytes(4000);
    child.stderr.on("data", (data: Buffer) => said.push(data));
    const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
    if (code !== 0) return failed(name, hostRefusal(said.text.trim(), { code, signal }));
    return good(name, `starts as ${isRoot ? `user ${unprivilegedId}` : "this user"}`);
  } catch (error) {
    return failed(name, error);
  }
}

async function checkWholeSandbox(image: ResolvedImage): Promise<DoctorCheck[]> {
  const backend = new ZygoteBackend(image);
  try {
    const breaches = await runProbe(backend);
    if (breaches !== "")
      return [bad("sandbox", `its wall has holes: ${breaches}`, "report this, with your kernel's version")];
    const receipt = await backend.receipt();
    return [
      good("sandbox", "starts, and its wall holds"),
      ...(await checkReceipt(receipt)),
      await checkSealedWorld(image),
    ];
  } catch (error) {
    return [failed("sandbox", error)];
  } finally {
    await backend.close();
  }
}

/** What a sealed world's zygote says of itself; without one, rollouts are refused unless they ask for the host's. */
async function checkSealedWorld(image: ResolvedImage): Promise<DoctorCheck> {
  const name = "sealed world";
  const backend = new ZygoteBackend(image, { world: "sealed" });
  try {
    const { world, tier } = await backend.receipt();
    if (world.notHeld.length === 0)
      return good(
        name,
        `holds, and its numbers are those of every ${world.numericClass} host (tier ${tier})`,
      );
    return poor(
      name,
      `does not hold in all: ${world.notHeld.join(", ")}; results are claimed for this host only (tier ${tier})`,
      worldFix(world.notHeld, statSync(join(image.rootfs, worldLibrary)).blksize),
    );
  } catch (error) {
    return failed(name, error);
  } finally {
    await backend.close();
  }
}

async function runProbe(backend: ZygoteBackend): Promise<string> {
  const said = { stdout: new FirstBytes(4000), stderr: new FirstBytes(4000), stream: new FirstBytes(0) };
  const job = { entry: "script", name: "probe.py", source: probe, files: [], env: {} } as const;
  const [running] = await backend.start({
    members: [{ job, limits: { ...defaultLimits, wallMs: 30_000 } }],
    links: [],
    onOutput: (_member, channel, data) => said[channel].push(data),
  });
  const end = await running!.ended;
  if (end.exitCode === 0) return said.stdout.text.trim();
  throw new SameseedError(
    "sandbox_failed",
    `the probe ended with ${end.exitCode ?? end.signal}: ${said.stderr.text}`,
  );
}

async function checkReceipt({ enforcedBy, wall, world }: BackendReceipt): Promise<DoctorCheck[]> {
  return [
    wall.user.ids === "own"
      ? good("host ids", "each sandbox has its own, so that nothing the kernel counts by user is shared")
      : poor(
          "host ids",
          "all sandboxes run as one user, so epoll is refused in them",
          hostIdsFix(hostKind()),
        ),
    enforcedBy === "rlimits" ? await withoutGroups() : withGroups(enforcedBy),
    ...(enforcedBy === "rlimits" ? [] : [await checkSockets()]),
    world.addressesFixed
      ? good("addresses", "fixed, so that the order of sets is the same in every sandbox")
      : poor(
          "addresses",
          "this host does not let programs fix them; results may differ between zygotes",
          "in a container: allow the `personality` system call",
        ),
    world.numericClass === "native"
      ? poor(
          "numeric class",
          "native: this processor is not of x86-64-v3, so results are those of its own kind",
        )
      : good("numeric class", world.numericClass),
  ];
}

function withGroups(enforcedBy: string): DoctorCheck {
  const where = enforcedBy === "cgroup-v2" ? groupPlaces(ownSurroundings()) : undefined;
  const limits = where !== undefined && "scope" in where ? where.scope.limits : [];
  return limitsHeld(enforcedBy, limits);
}

/**
 * Whether what an administrator allowed this unit bounds it and its sandboxes together.
 * @param limits those that a scope beside this process's unit was given
 */
export function limitsHeld(enforcedBy: string, limits: readonly string[]): DoctorCheck {
  const counted = `memory and processes are counted by ${enforcedBy}`;
  if (!areSet(limits)) return good("limits", counted);
  return poor(
    "limits",
    `${counted}; each process's sandboxes are in a scope beside this unit, which has its limits once more (${limits.join(" ")})`,
    "set `Delegate=yes` for the unit: then its limits hold for it and its sandboxes together",
  );
}

async function withoutGroups(): Promise<DoctorCheck> {
  const groups = await openGroups();
  if ("area" in groups) {
    groups.area.remove();
    groups.janitor.stdin?.end();
    return poor("limits", "each process is limited alone");
  }
  return poor(
    "limits",
    `each process is limited alone, because no control group can be made (${groups.reason})`,
    limitsFix({
      ...hostKind(),
      areGroupsClosed: areGroupsClosed(
        readFileSync("/proc/self/cgroup", "latin1"),
        readFileSync("/proc/self/uid_map", "latin1"),
      ),
    }),
  );
}

/** How control groups can be had on a host of this kind; undefined where nothing is known to help. */
export function limitsFix({
  isRoot,
  inContainer,
  inPod,
  hasSystemd,
  areGroupsClosed: isClosed,
}: HostKind & { readonly areGroupsClosed: boolean }): string | undefined {
  if (hasSystemd && !isRoot) return "run inside: systemd-run --user --scope -p Delegate=yes";
  // A container's group is read-only in a pod, but for one that is privileged: that opens all else as well.
  if (inPod) return undefined;
  if (inContainer && isClosed)
    return "have root of the host start the container, with the host's user ids, as root in it and with `--cgroupns=host -v /sys/fs/cgroup:/sys/fs/cgroup:rw`; its host has control groups of version 1, which nobody else can be given";
  if (inContainer)
    return `${isRoot ? "" : "as root in the container, "}run the container with \`--security-opt unmask=/sys/fs/cgroup\` (Podman where the host has control groups of version 2), else with \`--cgroupns=host -v /sys/fs/cgroup:/sys/fs/cgroup:rw\`; docs/guide/containers.md says what this allows`;
  return isRoot ? undefined : "run as root";
}

/** How sandboxes get ids of their own. Root that lacks rights is root of a container. */
export function hostIdsFix({ isRoot, inContainer, inPod }: Omit<HostKind, "hasSystemd">): string {
  if (isRoot && inPod)
    return "give the container `runAsUser` of an ordinary user with ids in /etc/subuid, as docs/guide/containers.md shows";
  if (isRoot)
    return "in a container: run as an ordinary user with ids in /etc/subuid, as docs/guide/containers.md shows; where root of the host starts it, `--cap-add SYS_ADMIN` does as well";
  if (inPod)
    return "give this user ids in /etc/subuid and newuidmap and newgidmap their file capabilities, as docs/guide/containers.md shows, and leave the container `allowPrivilegeEscalation: true` and the capabilities SETUID and SETGID";
  return inContainer
    ? "give this user ids in /etc/subuid and newuidmap and newgidmap their file capabilities, as docs/guide/containers.md shows, and leave the container SETUID and SETGID"
    : "install newuidmap (on Debian and Ubuntu: apt-get install uidmap) and give this user ids in /etc/subuid";
}
