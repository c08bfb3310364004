import { nowMs } from "../../../base/clock.ts";
import { SameseedError } from "../../../base/error.ts";
import type { Sandboxes } from "../../native/sandboxes.ts";
import type { SpooledFile } from "../../spool.ts";
import { type Machine, makeId } from "./machines.ts";
import { missing } from "./protocol-errors.ts";
import type { MachineRequest } from "./schemas.ts";

/** The most bytes of all snapshots together: 4 GiB. */
const bytesMost = 4 * 1024 ** 3;
/** The most snapshots. */
const snapshotsMost = 1000;
/** How long a snapshot is kept that nobody names, in ms: a day. */
const snapshotMs = 24 * 3_600_000;

/** The files of a sandbox at one moment. They outlive it, and end with the server. */
export interface Snapshot {
  readonly id: string;
  /** Who owns it. */
  readonly namespace: string;
  readonly sandboxId: string;
  readonly request: MachineRequest;
  readonly lineage: readonly string[];
  readonly bytes: number;
  readonly createdAtMs: number;
  readonly file: SpooledFile;
}

/**
 * All snapshots. Each is owned by the namespace that took it, and no other finds it; one that nobody begins a sandbox from or
 * asks for is forgotten after a day. Each is a file without a name: what is left of a server that was killed is nothing.
 */
export class Snapshots {
  readonly #sandboxes: Sandboxes;
  readonly #ageMs: number;
  readonly #snapshots: Map<string, Snapshot> = new Map();
  readonly #timers: Map<string, NodeJS.Timeout> = new Map();
  #bytes = 0;

  /** @param ageMs how long one is kept that nobody names */
  constructor(sandboxes: Sandboxes, ageMs: number = snapshotMs) {
    this.#sandboxes = sandboxes;
    this.#ageMs = ageMs;
  }

  /** Those of a namespace, in the order in which they were taken. */
  of(namespace: string): readonly Snapshot[] {
    return [...this.#snapshots.values()].filter((snapshot) => snapshot.namespace === namespace);
  }

  /** Takes one. @throws as `SandboxFiles.pack`; `disk_full` where there are too many */
  async take(machine: Machine, namespace: string): Promise<Snapshot> {
    const { served, request } = machine;
    const file = await this.#sandboxes.pack(served);
    if (this.#snapshots.size >= snapshotsMost || this.#bytes + file.bytes > bytesMost) {
      await file.close();
      throw new SameseedError("disk_full", "there is no room for another snapshot", {
        hint: "delete snapshots that are not needed",
      });
    }
    this.#bytes += file.bytes;
    const snapshot: Snapshot = {
      id: makeId(),
      namespace,
      sandboxId: machine.id,
      request,
      lineage: [...served.lineage, served.id],
      bytes: file.bytes,
      createdAtMs: nowMs(),
      file,
    };
    this.#snapshots.set(snapshot.id, snapshot);
    this.#renew(snapshot);
    return snapshot;
  }

  /** One by its identifier; whoever names it keeps it. @throws `not_found` */
  find(id: string, namespace: string): Snapshot {
    const found = this.#snapshots.get(id);
    if (found?.namespace !== namespace) throw missing("snapshot", id);
    this.#renew(found);
    return found;
  }

  /** Forgets one; what is being made of it is made. @throws `not_found` */
  async delete(id: string, namespace: string): Promise<void> {
    await this.#forget(this.find(id, namespace));
  }

  /** Forgets all. */
  async close(): Promise<void> {
    await Promise.all([...this.#snapshots.values()].map(async (snapshot) => await this.#forget(snapshot)));
  }

  #renew(snapshot: Snapshot): void {
    clearTimeout(this.#timers.get(snapshot.id));
    const timer = setTimeout(() => void this.#forget(snapshot), this.#ageMs);
    this.#timers.set(snapshot.id, timer.unref());
  }

  async #forget({ id, file, bytes }: Snapshot): Promise<void> {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    if (this.#snapshots.delete(id)) this.#bytes -= bytes;
    await file.close();
  }
}

/** What a client is told of it. */
export function snapshotInfo({ id, namespace, sandboxId, request, bytes, createdAtMs }: Snapshot): object {
  return {
    id,
    namespace,
    sandbox_id: sandboxId,
    status: "completed",
    snapshot_type: "filesystem",
    base_image: request.image,
    size_bytes: bytes,
    created_at: createdAtMs,
  };
}
