import { nowIso, nowMs } from "../../base/clock.ts";
import { SameseedError } from "../../base/error.ts";
import type { EndCause } from "../../sandbox/contract.ts";
import { type Sandbox, whenOver } from "../../sandbox/sandbox.ts";
import type { SandboxOptions } from "../../sandbox/sandbox-options.ts";
import type { ByteRoom } from "../byte-room.ts";
import { type Lease, makeId } from "../leases.ts";
import { OnceTable } from "../once.ts";
import type { Release } from "../slots.ts";
import { type EndedOutput, forgetOldOutput, type OutputKeeper } from "./kept-output.ts";
import { ServedProcess, type StartOptions } from "./sandbox-process.ts";

/** For how long a sandbox is told of that ended by itself, in ms; less where its lease ends before. */
const toldMs = 60_000;

/** How a sandbox of the server's is made. */
export type ServedOptions = Omit<SandboxOptions, "signal"> & { readonly image: string };

/** What processes of all sandboxes share. */
interface ProcessRooms {
  readonly inputs: ByteRoom;
  readonly ended: EndedOutput;
}

/** What is to be done when a sandbox ends. */
interface Ending {
  /** Gives its room back. */
  readonly release: Release;
  /** It ended by itself, and so did its processes: it is only told of. */
  readonly onOver: (served: ServedSandbox) => void;
  readonly onClose: (served: ServedSandbox) => void;
}

/** A sandbox of a client's. */
export class ServedSandbox implements OutputKeeper {
  readonly id: string = makeId("sb");
  readonly createdAt: string = nowIso();
  readonly lease: Lease;
  readonly sandbox: Sandbox;
  readonly options: ServedOptions;
  /** The sandboxes whose files it began with, the first of all first. */
  readonly lineage: readonly string[];
  /** Processes by the keys that started them; forgotten with the sandbox. */
  readonly once: OnceTable<ServedProcess> = new OnceTable<ServedProcess>(() => 256, Infinity);
  readonly #processes: Map<string, ServedProcess> = new Map();
  readonly #rooms: ProcessRooms;
  readonly #ending: Ending;
  #started = 0;
  #closed: Promise<void> | undefined;
  #closedAtMs: number | undefined;
  #endCause: EndCause | "failed" | undefined;

  /** Made by {@link Sandboxes.create}. */
  constructor(
    sandbox: Sandbox,
    lease: Lease,
    options: ServedOptions,
    lineage: readonly string[],
    rooms: ProcessRooms,
    ending: Ending,
  ) {
    this.sandbox = sandbox;
    this.lease = lease;
    this.options = options;
    this.lineage = lineage;
    this.#rooms = rooms;
    this.#ending = ending;
    void whenOver(sandbox).then((end) => this.#over(end instanceof SameseedError ? "failed" : end.cause));
  }

  /** When it was closed or had ended by itself, in ms since 1970; undefined while it is open. */
  get closedAtMs(): number | undefined {
    return this.#closedAtMs;
  }

  /** What ended it, where that was not its close; `failed` where the host did. */
  get endCause(): EndCause | "failed" | undefined {
    return this.#endCause;
  }

  /** Its processes, in the order of their starts. */
  get processes(): readonly ServedProcess[] {
    return [...this.#processes.values()];
  }

  /** How many bytes of its ended processes' output are kept. */
  get keptBytes(): number {
    return this.processes.reduce((sum, each) => sum + (each.isEnded ? each.keptBytes : 0), 0);
  }

  /** Forgets the output of its processes. */
  dropOutput(): void {
    for (const process of this.#processes.values()) process.drop();
  }

  /** Starts a process. @throws as `Sandbox.startProcess` */
  start(command: string, options: StartOptions): ServedProcess {
    const { inputs, ended } = this.#rooms;
    const process = new ServedProcess(`p${this.#started + 1}`, this.sandbox, command, options, inputs);
    this.#started++;
    this.#processes.set(process.id, process);
    void process.ended.then(() => {
      forgetOldOutput(this.#processes);
      if (this.#processes.has(process.id)) ended.keep(process);
    });
    return process;
  }

  /** A process by its identifier. @throws `not_found`, `output_gone` */
  process(id: string): ServedProcess {
    const process = this.#processes.get(id);
    if (process !== undefined) return process;
    const number = /^p([1-9]\d{0,8})$/.exec(id)?.[1];
    if (Number(number) <= this.#started)
      throw new SameseedError("output_gone", `the process ${id} ended, and is no longer kept`);
    throw new SameseedError("not_found", `the sandbox has no process ${id.slice(0, 40)}`);
  }

  /** Ends everything in it, and resolves when nothing is left. May be called repeatedly. */
  async close(): Promise<void> {
    this.#closedAtMs ??= nowMs();
    this.#closed ??= this.#close();
    await this.#closed;
  }

  async #close(): Promise<void> {
    try {
      await this.sandbox.close();
    } finally {
      // Who still reads their output has them; whoever only knows of the sandbox must not keep it.
      for (const process of this.processes) this.#rooms.ended.forget(process);
      this.#processes.clear();
      this.once.clear();
      this.lease.disown(this.id);
      this.#ending.release();
      this.#ending.onClose(this);
    }
  }

  /** Nothing in it is alive: its room is another's, and for a while it is told what its processes wrote and what ended it. */
  #over(cause: EndCause | "failed"): void {
    if (this.#closed !== undefined) return;
    this.#endCause = cause;
    this.#closedAtMs = nowMs();
    this.#ending.release();
    setTimeout(() => void this.close().catch(() => {}), toldMs).unref();
    void Promise.all(this.processes.map(({ ended }) => ended)).then(() => {
      if (this.#closed === undefined) this.#ending.onOver(this);
    });
  }
}
