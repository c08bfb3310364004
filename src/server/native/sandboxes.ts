import { nowIso, nowMs } from "../../base/clock.ts";
import { SameseedError } from "../../base/error.ts";
import type { CommandOptions } from "../../sandbox/command-types.ts";
import type { EndCause } from "../../sandbox/contract.ts";
import { packInto, Sandbox, unpackFrom, whenOver } from "../../sandbox/sandbox.ts";
import type { SandboxOptions } from "../../sandbox/sandbox-options.ts";
import type { ServerContext } from "../context.ts";
import { type Lease, makeId } from "../leases.ts";
import { OnceTable } from "../once.ts";
import type { Patience, Release } from "../slots.ts";
import type { SpooledFile } from "../spool.ts";
import { forgetOldOutput, type OutputKeeper, OverOutput } from "./kept-output.ts";
import { ServedProcess } from "./sandbox-process.ts";

/** For how long a sandbox is told of that ended by itself, in ms; less where its lease ends before. */
const toldMs = 60_000;
/** The most bytes of files that are copied. */
const archiveBytesMost = 256 * 1024 * 1024;

/** How a sandbox of the server's is made. */
export type ServedOptions = Omit<SandboxOptions, "signal"> & { readonly image: string };

/** What a sandbox begins with. */
export interface Origin {
  /** An archive of `SandboxFiles.pack`, which is read when there is room for the sandbox. */
  readonly files: { readonly read: () => AsyncIterable<Uint8Array> };
  /** The sandboxes that they come from, the first of all first. */
  readonly lineage: readonly string[];
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
    ending: Ending,
  ) {
    this.sandbox = sandbox;
    this.lease = lease;
    this.options = options;
    this.lineage = lineage;
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
  start(command: string, options: Omit<CommandOptions, "onStdout" | "onStderr" | "signal">): ServedProcess {
    const process = new ServedProcess(`p${this.#started + 1}`, this.sandbox, command, options);
    this.#started++;
    this.#processes.set(process.id, process);
    void process.ended.then(() => forgetOldOutput(this.#processes));
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

/** What they need of the server. */
type SandboxesContext = Pick<ServerContext, "slots" | "leases" | "metrics" | "options" | "spool">;

/** All sandboxes that clients opened, by whichever door. */
export class Sandboxes {
  readonly #context: SandboxesContext;
  readonly #sandboxes: Map<string, ServedSandbox> = new Map();
  /** The output of those that are over. */
  readonly over: OverOutput = new OverOutput();

  constructor(context: SandboxesContext) {
    this.#context = context;
  }

  /** Those that are open, in the order in which they were opened. */
  get all(): readonly ServedSandbox[] {
    return [...this.#sandboxes.values()].filter(({ closedAtMs }) => closedAtMs === undefined);
  }

  /**
   * Opens a sandbox when there is room.
   * @param leaseOf who owns it; where nobody is named it gets a lease of its own. Asked when there is room: a lease's time does
   * not run while its sandbox waits
   * @param origin what it begins with. @default no files
   * @throws as `Sandbox.create`, `Slots.acquire` and `SandboxFiles.unpack`
   */
  async create(
    options: ServedOptions,
    leaseOf: () => Lease | undefined,
    patience: Patience,
    origin?: Origin,
  ): Promise<ServedSandbox> {
    const { slots, leases, metrics, options: server } = this.#context;
    const release = await slots.acquire(1, patience);
    let owner: Lease | undefined;
    let unhold = (): void => {};
    let close = async (): Promise<void> => {
      await Promise.resolve(release());
    };
    try {
      owner = leaseOf() ?? leases.open(server.leaseMs, false);
      // Nobody can name it before it is there.
      unhold = owner.hold();
      const sandbox = await Sandbox.create(options);
      const served = new ServedSandbox(sandbox, owner, options, origin?.lineage ?? [], {
        release,
        onOver: (over) => this.over.keep(over),
        onClose: (closed) => this.#forget(closed),
      });
      close = async () => await served.close();
      // Whoever dies while the files are made leaves nothing either.
      owner.own(served.id, close);
      if (origin !== undefined) await unpackFrom(sandbox, origin.files.read(), patience.signal);
      owner.touch();
      this.#sandboxes.set(served.id, served);
      metrics.opened("sandbox");
      return served;
    } catch (error) {
      const hasOwner = owner?.isEnded !== true;
      await close();
      if (!hasOwner) owner?.touch();
      throw error;
    } finally {
      unhold();
      if (owner !== undefined) endUnused(owner);
    }
  }

  #forget(served: ServedSandbox): void {
    this.#sandboxes.delete(served.id);
    this.over.forget(served);
    endUnused(served.lease);
  }

  /**
   * Opens copies of a sandbox's files, each in a fresh sandbox with its options. The files are packed once.
   * @param leaseOf who owns each
   * @returns one for each that was asked for, or why there is none
   * @throws as `SandboxFiles.pack`, such as `not_copyable` while processes are alive in it
   */
  async fork(
    parent: ServedSandbox,
    count: number,
    leaseOf: () => Lease | undefined,
    patience: Patience,
  ): Promise<PromiseSettledResult<ServedSandbox>[]> {
    const release = parent.lease.hold();
    try {
      const files = await this.pack(parent, patience.signal);
      try {
        const origin: Origin = { files, lineage: [...parent.lineage, parent.id] };
        const makers = Array.from(
          { length: count },
          async () => await this.create(parent.options, leaseOf, patience, origin),
        );
        return await Promise.allSettled(makers);
      } finally {
        await files.close();
      }
    } finally {
      release();
    }
  }

  /**
   * Packs a sandbox's files into one of the spool's.
   * @returns the archive; the caller closes it
   * @throws as `SandboxFiles.pack`; `disk_full`
   */
  async pack({ sandbox }: ServedSandbox, signal?: AbortSignal): Promise<SpooledFile> {
    const file = await this.#context.spool.open();
    try {
      await packInto(sandbox, (part) => file.write(part), { most: archiveBytesMost, signal });
      await file.written();
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** A sandbox by its identifier; whoever names it keeps it alive. @throws `not_found` */
  find(id: string): ServedSandbox {
    const found = this.#sandboxes.get(id);
    if (found === undefined || found.lease.isEnded)
      throw new SameseedError("not_found", `there is no sandbox ${id.slice(0, 40)}`, {
        hint: "it was closed, its lease ended, or it reached a limit a while ago",
      });
    found.lease.touch();
    return found;
  }
}

/** Others may have been opened under it, such as copies. */
function endUnused(lease: Lease): void {
  if (!lease.hasHeartbeat && lease.size === 0) void lease.end();
}
