import * as host from "./host-probes.ts";
import { native, outer, type Mutation } from "./mutation.ts";
import { programs } from "./program-probes.ts";
import { rootfsWord, type WallChange } from "./wall-change.ts";

const bindDevice = (device: string): string[] => ["--dev-bind", `/dev/${device}`, `/mnt/dev/${device}`];

/** The sealed world's overlay is read-only, too, and covers what bubblewrap mounts below it: such steps are closed twice there. */
export const noOverlay: WallChange = native("layout.c", "if (cover_image() == 0) enter_image();");

/** What bubblewrap is asked for, and how it is started. */
export const outerMutations: readonly Mutation[] = [
  {
    id: "outer-user",
    step: "bubblewrap `--unshare-user`",
    change: outer(["--unshare-user"]),
    probe: "refused",
  },
  {
    id: "outer-pid",
    step: "bubblewrap `--unshare-pid`",
    change: { ...outer(["--unshare-pid"]), without: ["cgroups"] },
    probe: programs.signalOthers,
    behind: ["child-pid"],
  },
  {
    id: "outer-net",
    step: "bubblewrap `--unshare-net`",
    change: outer(["--unshare-net"]),
    probe: host.hostSocket,
    behind: ["slot-net", "calls-socket"],
  },
  {
    id: "outer-ipc",
    step: "bubblewrap `--unshare-ipc`",
    change: outer(["--unshare-ipc"]),
    probe: host.hostSegment,
    behind: ["child-ipc", "calls-sysv"],
  },
  {
    id: "outer-uts",
    step: "bubblewrap `--unshare-uts`, with the host name",
    change: {
      outer: [
        { from: ["--unshare-uts"], to: [] },
        { from: ["--hostname", "sandbox"], to: [] },
      ],
    },
    probe: programs.hostName,
  },
  {
    id: "outer-hostname",
    step: "bubblewrap `--hostname`",
    change: outer(["--hostname", "sandbox"]),
    probe: programs.hostName,
    short: true,
  },
  {
    id: "outer-cgroup",
    step: "bubblewrap `--unshare-cgroup-try`",
    change: outer(["--unshare-cgroup-try"]),
    probe: host.outerNamespace("cgroup"),
  },
  {
    id: "outer-uid",
    step: "bubblewrap `--uid 0`, where ids are not given from outside",
    change: { ...outer(["--uid", "0"]), without: ["ids"] },
    probe: "refused",
  },
  {
    id: "outer-gid",
    step: "bubblewrap `--gid 0`, where ids are not given from outside",
    change: { ...outer(["--gid", "0"]), without: ["ids"] },
    probe: "refused",
  },
  {
    id: "outer-cap",
    step: "bubblewrap `--cap-add ALL`",
    change: outer(["--cap-add", "ALL"]),
    probe: "refused",
  },
  {
    id: "outer-die",
    step: "bubblewrap `--die-with-parent`",
    change: outer(["--die-with-parent"]),
    probe: host.killHost,
  },
  {
    id: "outer-session",
    step: "bubblewrap `--new-session`",
    change: outer(["--new-session"]),
    probe: host.ownSession,
  },
  {
    id: "outer-clearenv",
    step: "bubblewrap `--clearenv`",
    change: outer(["--clearenv"]),
    probe: programs.environment,
    behind: ["spawn-environment"],
  },
  {
    id: "spawn-environment",
    step: "bubblewrap is started with an empty environment",
    change: { outerEnvironment: { SAMESEED_HOST_SECRET: "secret" } },
    probe: programs.environment,
    behind: ["outer-clearenv"],
  },
  {
    id: "base-read-only",
    step: "bubblewrap `--ro-bind` of the sandboxes' root (and the sealed world's overlay over it)",
    change: { ...outer(["--ro-bind", rootfsWord, "/mnt"], ["--bind", rootfsWord, "/mnt"]), ...noOverlay },
    probe: programs.writeBase,
    short: true,
  },
  {
    id: "zygote-read-only",
    step: "bubblewrap `--ro-bind` of the zygote's own root (and the sealed world's overlay over it)",
    change: { ...outer(["--ro-bind", rootfsWord, "/"], ["--bind", rootfsWord, "/"]), ...noOverlay },
    probe: programs.writeOldRoot,
    behind: ["old-root"],
  },
  {
    id: "devices-read-only",
    step: "bubblewrap `--remount-ro` of the sandboxes' /dev",
    change: outer(["--remount-ro", "/mnt/dev"]),
    probe: programs.writeDev,
    behind: ["own-id"],
    short: true,
  },
  {
    id: "devices-five",
    step: "only five devices (one more is bound)",
    change: outer(bindDevice("full"), [...bindDevice("full"), ...bindDevice("tty")]),
    probe: programs.devices,
  },
  {
    id: "no-proc",
    step: "no /proc in the sandboxes' root (the zygote's is bound there, and the sealed world's overlay is not over it)",
    change: { ...outer(["--chdir", "/"], ["--proc", "/mnt/proc", "--chdir", "/"]), ...noOverlay },
    probe: programs.readProc,
  },
  {
    id: "host-identity",
    step: "root drops to an id of its own",
    change: { without: ["user"] },
    probe: process.getuid!() === 0 ? programs.readRootOnly : host.hostIdentity,
    ...(process.getuid!() === 0 ? {} : { silent: "the host's program is not root here" }),
    short: true,
  },
];
