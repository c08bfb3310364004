import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { childPids, startTime } from "../../src/sandbox/linux/processes.ts";
import { eventually } from "../../src/testing/contract-check.ts";
import {
  alive,
  descendants,
  groupFolders,
  mounts,
  newMounts,
  namedSockets,
  namespacesInUse,
  namespacesOf,
  ticksNow,
  type NamespaceName,
  type ProcessName,
} from "./left-behind.ts";

const program = fileURLToPath(new URL("recording-program.ts", import.meta.url));
const commandLine = fileURLToPath(new URL("../../bin/sameseed.js", import.meta.url));
const steady = fileURLToPath(new URL("fixtures/steady.py", import.meta.url));

/** What every run here records: an environment and a policy, each in a sandbox of its own, that are slow enough to be struck. */
export const steadyRun: {
  readonly envName: string;
  readonly policy: string;
  readonly seeds: readonly number[];
  readonly concurrency: number;
  readonly world: "host";
  readonly limits: { readonly wallMs: number };
} = {
  envName: `${steady}:Steady`,
  policy: steady,
  seeds: [1, 2, 3, 4, 5, 6, 7, 8],
  concurrency: 3,
  // A sealed world takes no time where it should be slow.
  world: "host",
  limits: { wallMs: 4000 },
};

/** So old is a sandbox whose wall stands, where the machine is not very busy, and so old one that has not played half of its steps. */
const [youngTicks, halfTicks] = [10, 40];

/** How a recording ended: the last thing it said, and the process's own end. */
export interface Recording {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly recorded: number;
  readonly digests?: readonly (readonly [seed: number, outcome: string, digest: string])[];
  /** Descriptors that were open at the end and not before. */
  readonly descriptors?: readonly string[];
  /** The code of every error a program ended with. */
  readonly failures: readonly string[];
  readonly stderr: string;
}

/** The processes of a program that runs sandboxes, from the outside in. */
export interface Parts {
  readonly node: number;
  /** Bubblewrap's own process, and the first process inside its namespaces. */
  readonly outer: number;
  readonly inner: number;
  readonly zygote: number;
  readonly slot: number;
  readonly sandbox: number;
}

/** How {@link RecordedRun.start} starts. */
export interface RecordingStart {
  /** What stands before the program on the command line, such as `prlimit`. */
  readonly before?: readonly string[];
  /** The program's options beside {@link steadyRun}. */
  readonly more?: Readonly<Record<string, unknown>>;
  /** `sameseed run` in place of a program that uses the package. */
  readonly isCommand?: boolean;
  readonly nodeArgs?: readonly string[];
}

/** A run folder with the programs that record into it, and what all of them left behind. */
export class RecordedRun implements Disposable {
  readonly #temporary: string = mkdtempSync(join(tmpdir(), "sameseed-death-"));
  readonly #folder: string;
  readonly #mounts: ReadonlySet<string> = mounts();
  readonly #children: ChildProcess[] = [];
  readonly #processes: ProcessName[] = [];
  readonly #namespaces: NamespaceName[] = [];

  /** @param folder where the run is recorded. @default in a temporary folder */
  constructor(folder?: string) {
    this.#folder = folder ?? join(this.#temporary, "run");
  }

  /** Starts a program that records, or goes on with the recording. */
  start({ before = [], more = {}, isCommand = false, nodeArgs = [] }: RecordingStart = {}): Started {
    const { envName, policy, seeds, limits, concurrency, world } = steadyRun;
    const args = isCommand
      ? [commandLine, "run", envName, "--policy", policy, "--seeds", `1..${seeds.length}`, "--ndjson"]
          .concat("--out", this.#folder, "--world", world, "--wall-ms", String(limits.wallMs))
          .concat("--concurrency", String(concurrency))
      : [program, this.#folder, JSON.stringify({ ...steadyRun, ...more })];
    const [command, ...rest] = [...before, process.execPath, ...nodeArgs, ...args];
    const child = spawn(command!, rest, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, TMPDIR: join(this.#temporary), NO_COLOR: "1" },
    });
    this.#children.push(child);
    return new Started(child, () => this.#look(child.pid!));
  }

  /** Records what is missing, with nothing in the way. */
  async resume(): Promise<Recording> {
    return await this.start().ended;
  }

  /** Everything that is left of all programs, once the kernel has had its time; compare with {@link nothing}. */
  async left(): Promise<typeof nothing> {
    const pids = [...this.#children.map(({ pid }) => pid!), ...this.#processes.map(({ pid }) => pid)];
    const look = (): typeof nothing => ({
      processes: alive(this.#processes),
      namespaces: namespacesInUse(this.#namespaces),
      groups: groupFolders(pids),
      sockets: namedSockets(),
      temporary: readdirSync(this.#temporary).filter((name) => name !== "run"),
      mounts: newMounts(this.#mounts),
    });
    await eventually(() => Object.values(look()).every((each) => each.length === 0));
    return look();
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) child.kill("SIGKILL");
    for (const pid of alive(this.#processes)) process.kill(pid, "SIGKILL");
    rmSync(this.#temporary, { recursive: true, force: true });
  }

  #look(pid: number): void {
    const seen = descendants(pid);
    this.#processes.push(...seen);
    this.#namespaces.push(...namespacesOf(seen));
  }
}

/** What is left where nothing is. */
export const nothing: {
  readonly processes: readonly number[];
  readonly namespaces: readonly string[];
  readonly groups: readonly string[];
  readonly sockets: readonly string[];
  readonly temporary: readonly string[];
  readonly mounts: readonly string[];
} = { processes: [], namespaces: [], groups: [], sockets: [], temporary: [], mounts: [] };

/** One program from its start to its end. */
export class Started {
  readonly ended: Promise<Recording>;
  readonly child: ChildProcess;
  readonly #look: () => void;
  readonly #lines: Record<string, unknown>[] = [];

  constructor(child: ChildProcess, look: () => void) {
    this.child = child;
    this.#look = look;
    let rest = "";
    let stderr = "";
    child.stderr!.on("data", (data: Buffer) => (stderr += data.toString()));
    child.stdout!.on("data", (data: Buffer) => {
      const lines = (rest + data.toString()).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#lines.push(JSON.parse(line) as Record<string, unknown>);
      look();
    });
    this.ended = new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) =>
        resolve({
          ...this.#lines.at(-1),
          code,
          signal,
          recorded: this.#recorded,
          failures: this.#lines.flatMap(({ failure }) => (typeof failure === "string" ? [failure] : [])),
          stderr,
        }),
      );
    });
  }

  /**
   * Waits until rollouts are recorded and the next ones run, and returns the processes. The sandbox is in the middle of its
   * life: before its wall stands its end is the host's failure, and in its last moments a policy's has given every action.
   */
  async running(): Promise<Parts> {
    let parts: Parts | undefined;
    await eventually(() => {
      if (this.#recorded > 0) parts = this.#parts();
      return parts !== undefined;
    }, 60_000);
    if (parts === undefined) throw new Error("no sandbox began");
    this.#look();
    return parts;
  }

  get #recorded(): number {
    return this.#lines.filter((line) => "recorded" in line || "digest" in line).length;
  }

  /** Those around the first sandbox that is in the middle of its life: those that run when the first rollout is recorded may have begun before that. */
  #parts(): Parts | undefined {
    const node = this.child.pid!;
    for (const outer of childPids(node)) {
      const [inner] = childPids(outer);
      const [zygote] = childPids(inner ?? 0);
      for (const slot of childPids(zygote ?? 0)) {
        const [sandbox] = childPids(slot);
        const age = ticksNow() - Number(sandbox === undefined ? 0 : (startTime(sandbox) ?? 0));
        if (sandbox !== undefined && age > youngTicks && age < halfTicks)
          return { node, outer, inner: inner!, zygote: zygote!, slot, sandbox };
      }
    }
    return undefined;
  }
}
