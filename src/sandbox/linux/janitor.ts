import { spawn, type ChildProcess } from "node:child_process";

/*
 * A control group's folder cannot remove itself, and a host that is killed cannot remove it either. The janitor is a
 * shell that waits at the end of a pipe only this process holds; the pipe ends when this process does, however it ends.
 * It then ends what still runs in the folders, where the kernel can do that for a group, and removes them, waiting for the
 * kernel to finish with them.
 */
const script = `
read -r _
for area in "$@"; do
  [ -w "$area/cgroup.kill" ] && echo 1 > "$area/cgroup.kill" 2>/dev/null
done
tries=0
while [ $tries -lt 200 ]; do
  left=0
  for area in "$@"; do
    for slot in "$area"/slot-*; do [ -d "$slot" ] && rmdir "$slot" 2>/dev/null; done
    rmdir "$area" 2>/dev/null
    [ -d "$area" ] && left=1
  done
  [ $left = 0 ] && exit 0
  tries=$((tries + 1))
  sleep 0.05
done
`;

/** The same as the one program of a scope, which is told the folder in a line once it is there. */
export const scopeScript: string = `echo ready
read -r area || exit 0
set -- "$area"
${script}`;

/** Starts a process that removes folders of control groups when this one is gone. */
export function startJanitor(folders: readonly string[]): ChildProcess {
  const janitor = spawn("/bin/sh", ["-c", script, "sameseed-janitor", ...folders], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true, // a Ctrl-C at the terminal must not take it along
    cwd: "/",
    env: {},
  });
  janitor.on("error", () => {}); // no /bin/sh: the next start sweeps
  janitor.unref();
  (janitor.stdin as unknown as { unref?: () => void } | null)?.unref?.();
  return janitor;
}
