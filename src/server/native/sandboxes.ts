import { SameseedError } from "../../base/error.ts";
import { packInto, Sandbox, unpackFrom } from "../../sandbox/sandbox.ts";
import type { ServerContext } from "../context.ts";
import type { Lease } from "../leases.ts";
import type { Patience } from "../slots.ts";
import type { SpooledFile } from "../spool.ts";
import { EndedOutput, OverOutput } from "./kept-output.ts";
import { type ServedOptions, ServedSandbox } from "./served-sandbox.ts";

/** The most bytes of files that are copied. */
const archiveBytesMost = 256 * 1024 * 1024;

/** What a sandbox begins with. */
export interface Origin {
  /** An archive of `SandboxFiles.pack`, which is read when there is room for the sandbox. */
  readonly files: { readonly read: () => AsyncIterable<Uint8Array> };
  /** The sandboxes that they come from, the first of all first. */
  readonly lineage: readonly string[];
}

/** What they need of the server. */
type SandboxesContext = Pick<ServerContext, "slots" | "leases" | "metrics" | "options" | "spool" | "inputs">;

/** All sandboxes that clients opened, by whichever door. */
export class Sandboxes {
  readonly #context: SandboxesContext;
  readonly #sandboxes: Map<string, ServedSandbox> = new Map();
  /** The output of those that are over. */
  readonly over: OverOutput = new OverOutput();
  /** What is kept of processes that ended, in all sandboxes. */
  readonly ended: EndedOutput = new EndedOutput();

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
    const { slots, leases, metrics, inputs, options: server } = this.#context;
    const rooms = { inputs, ended: this.ended };
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
      const served = new ServedSandbox(sandbox, owner, options, origin?.lineage ?? [], rooms, {
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
