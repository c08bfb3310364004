/* The suite in containers of this host's own engines. */
import { join } from "node:path";

import { runToEnd, toldFile, type Command, type Told } from "./machine.ts";

/** What an engine's sessions call, and the packages of Debian that have it. */
export const engineTools: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "this-podman": { podman: "podman", crun: "crun", runc: "runc", newuidmap: "uidmap", setcap: "libcap2-bin" },
  "this-docker": {
    dockerd: "docker.io",
    rootlesskit: "rootlesskit",
    newuidmap: "uidmap",
    setcap: "libcap2-bin",
  },
};

/** The command that runs a suite's sessions here. All its processes end with it, and nothing it writes is left. */
export function hereCommand(suite: string, folder: string): Command {
  const own = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const words = [...own, "sh", join(suite, "guest/here.sh"), suite, join(folder, toldFile)];
  return { program: "unshare", words };
}

/** Runs a suite's sessions here and gives what they told. @param folder where that, and what the engines said, is kept */
export async function runHere(suite: string, folder: string, timeoutMs: number): Promise<Told[]> {
  return await runToEnd(hereCommand(suite, folder), folder, "console.log", timeoutMs);
}
