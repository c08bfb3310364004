import { spawn } from "node:child_process";
import { once } from "node:events";

import { findBubblewrap } from "../../src/image/find-bubblewrap.ts";
import type { ResolvedImage } from "../../src/image/image-store.ts";
import { unprivilegedId } from "../../src/sandbox/linux/host-ids.ts";
import { corpusFolder } from "../../src/security/attack-program.ts";
import { answersIn } from "../../src/security/expectation.ts";

const deadlineMs = 30_000;

/** What a program of the corpus is told of this host. */
export interface PlainOptions {
  readonly hostPid: number;
  /** Whether it sees this host's processes. */
  readonly seesProcesses: boolean;
}

/**
 * Runs a program of the corpus as a careful person runs what they do not trust without Sameseed: in bubblewrap, as
 * nobody, the image read-only, /tmp fresh, no network, /proc and /dev as usual; without a filter, limits, or slots.
 * @returns its answers
 */
export async function runPlainly(
  id: string,
  image: ResolvedImage,
  { hostPid, seesProcesses }: PlainOptions,
): Promise<string[]> {
  const bubblewrap = await findBubblewrap();
  const own = process.getuid?.() === 0 ? { uid: unprivilegedId, gid: unprivilegedId } : {};
  // No cores: on some hosts they wake a program of the host's.
  const withoutCores = ["-c", 'ulimit -c 0 && exec "$@"', "sh", bubblewrap!.path];
  const child = spawn(
    "/bin/sh",
    [
      withoutCores,
      [
        "--unshare-user",
        "--unshare-ipc",
        "--unshare-net",
        "--die-with-parent",
        "--new-session",
        "--clearenv",
      ],
      seesProcesses ? [] : ["--unshare-pid"],
      ["--setenv", "PATH", "/usr/local/bin:/opt/python/bin:/usr/bin:/bin", "--setenv", "HOME", "/tmp"],
      ["--setenv", "ATTACK_HOST_PID", String(hostPid), "--setenv", "ATTACK_HOST_FILE", "/tmp/none"],
      ["--ro-bind", image.rootfs, "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"],
      ["--ro-bind", corpusFolder(), "/tmp/corpus", "--chdir", "/tmp", "--"],
      ["/opt/python/bin/python3", "-B", `/tmp/corpus/${id}.py`],
    ].flat(),
    {
      stdio: ["ignore", "pipe", "ignore"],
      env: {},
      cwd: "/",
      timeout: deadlineMs,
      killSignal: "SIGKILL",
      ...own,
    },
  );
  const written: Buffer[] = [];
  child.stdout.on("data", (data: Buffer) => written.push(data));
  await once(child, "close");
  return answersIn(Buffer.concat(written).toString());
}
