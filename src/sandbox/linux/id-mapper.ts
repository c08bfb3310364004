import { spawn } from "node:child_process";
import type { Socket } from "node:net";

import { SameseedError } from "../../base/error.ts";

/** What the first process of an outer wall is given. */
export interface IdMap {
  /** For `/proc/PID/uid_map`, or for newuidmap: inside, outside, count, and so on. */
  readonly users: readonly number[];
  /** The group inside is 0. */
  readonly group: number;
  /** The program that writes the map; undefined where this process may itself. */
  readonly newuidmap: string | undefined;
}

/*
 * Bubblewrap reports the pid of its first process, which waits until bubblewrap is told that its ids are mapped. It
 * would wait for ever if everything else died. So the ids are mapped not by Node but by a shell that outlives Node: it
 * kills the process if the mapping is refused, or if Node ends before it reports that the zygote is ready.
 */
const script = `
users=$1 group=$2 newuidmap=$3 pid=
while read -r name value; do
  if [ "$name" = '"child-pid":' ]; then pid=\${value%%,*}; fi
done <&3
[ -n "$pid" ] || exit 0
give() {
  if [ -n "$newuidmap" ]; then "$newuidmap" "$pid" $users; else echo "$users" >"/proc/$pid/uid_map"; fi &&
    echo deny >"/proc/$pid/setgroups" && echo "0 $group 1" >"/proc/$pid/gid_map"
}
give || { kill -KILL "$pid"; exit 1; }
echo given
read -r word && [ "$word" = stands ] || kill -KILL "$pid"
exit 0
`;

/** Gives ids to an outer wall that waits for them. */
export interface IdMapper {
  /** Where the outer wall writes what it is called. */
  readonly info: Socket;
  /** The outer wall has its end, or will not be started. */
  handOver(): void;
  /**
   * Resolves when the outer wall has its ids.
   * @throws `wall_unavailable` where they are refused
   */
  readonly given: Promise<void>;
  /** The zygote stands. */
  finish(): void;
}

/** Starts what gives ids; before the outer wall, which would wait for ever without it. */
export function startIdMapper({ users, group, newuidmap }: IdMap): IdMapper {
  const args = [users.join(" "), String(group), newuidmap ?? ""];
  const shell = spawn("/bin/sh", ["-c", script, "sameseed-ids", ...args], {
    stdio: ["pipe", "pipe", "pipe", "pipe"],
    detached: true, // a Ctrl-C at the terminal must not take it along
    cwd: "/",
    env: {},
  });
  const given = Promise.withResolvers<void>();
  given.promise.catch(() => {});
  let said = "";
  const refuse = (): void => given.reject(refusal(said.trim()));
  shell.on("error", (error) => {
    said = error.message;
    refuse();
  });
  // Where descriptors have run out there are no streams, and the outer wall could not be started either.
  if ((shell.stdio as unknown) === undefined) throw new Error("EMFILE");
  const [stdin, stdout, stderr, info] = shell.stdio as unknown as Socket[];
  stdout!.on("data", () => given.resolve());
  stderr!.on("data", (data: Buffer) => (said = (said + data.toString()).slice(-1000)));
  shell.on("close", refuse); // of no consequence where they were given
  stdin!.on("error", () => {}); // it has ended, and told why
  shell.unref();
  for (const stream of [stdin!, stdout!, stderr!]) stream.unref();
  return {
    info: info!,
    handOver: () => void info!.destroy(),
    given: given.promise,
    finish: () => void stdin!.end("stands\n"),
  };
}

function refusal(said: string): SameseedError {
  return new SameseedError("wall_unavailable", "the ids of the outer wall could not be mapped", {
    context: { said },
  });
}
