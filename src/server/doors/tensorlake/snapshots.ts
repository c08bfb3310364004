import { type FileHandle, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { nowMs } from "../../../base/clock.ts";
import { SameseedError } from "../../../base/error.ts";
import { type Machine, makeId } from "./machines.ts";
import { missing } from "./protocol-errors.ts";
import type { MachineRequest } from "./schemas.ts";

/** The most bytes of all snapshots together: 4 GiB. */
const bytesMost = 4 * 1024 ** 3;
/** The most snapshots. */
const snapshotsMost = 1000;

/** The files of a sandbox at one moment. They outlive it, and end with the server. */
export interface Snapshot {
  readonly id: string;
  readonly namespace: string;
  readonly sandboxId: string;
  readonly request: MachineRequest;
  readonly lineage: readonly string[];
  readonly bytes: number;
  readonly createdAtMs: number;
  readonly file: FileHandle;
}

/** All snapshots. Each is a file without a name: what is left of a server that was killed is nothing. */
export class Snapshots {
  readonly #snapshots: Map<string, Snapshot> = new Map();
  #bytes = 0;

  /** In the order in which they were taken. */
  get all(): readonly Snapshot[] {
    return [...this.#snapshots.values()];
  }

  /** Takes one. @throws as `SandboxFiles.pack`; `disk_full` where there are too many */
  async take(machine: Machine): Promise<Snapshot> {
    const { served, request, namespace } = machine;
    const archive = await served.sandbox.files.pack();
    if (this.#snapshots.size >= snapshotsMost || this.#bytes + archive.length > bytesMost)
      throw new SameseedError("disk_full", "there is no room for another snapshot", {
        hint: "delete snapshots that are not needed",
      });
    this.#bytes += archive.length;
    try {
      const snapshot: Snapshot = {
        id: makeId(),
        namespace,
        sandboxId: machine.id,
        request,
        lineage: [...served.lineage, served.id],
        bytes: archive.length,
        createdAtMs: nowMs(),
        file: await keep(archive),
      };
      this.#snapshots.set(snapshot.id, snapshot);
      return snapshot;
    } catch (error) {
      this.#bytes -= archive.length;
      throw error;
    }
  }

  /** One by its identifier. @throws `not_found` */
  find(id: string): Snapshot {
    const found = this.#snapshots.get(id);
    if (found === undefined) throw missing("snapshot", id);
    return found;
  }

  /** Its archive. */
  async read({ file, bytes }: Snapshot): Promise<Buffer> {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.allocUnsafe(bytes), position: 0 });
    if (bytesRead !== bytes) throw new SameseedError("io_failed", "a snapshot cannot be read");
    return buffer;
  }

  /** Forgets one. @throws `not_found` */
  async delete(id: string): Promise<void> {
    const { file, bytes } = this.find(id);
    this.#snapshots.delete(id);
    this.#bytes -= bytes;
    await file.close();
  }

  /** Forgets all. */
  async close(): Promise<void> {
    await Promise.all(this.all.map(async ({ id }) => await this.delete(id)));
  }
}

async function keep(archive: Buffer): Promise<FileHandle> {
  const path = join(tmpdir(), `sameseed-snapshot-${makeId()}`);
  const file = await open(path, "wx+", 0o600);
  try {
    await rm(path);
    await file.writeFile(archive);
    return file;
  } catch (error) {
    await file.close();
    throw error;
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
