import { checkKnownImage } from "../../native/known-image.ts";
import type { Patience } from "../../slots.ts";
import { type Machine, type Machines, makeId, noNetwork, resourcesOf } from "./machines.ts";
import { conflict, missing, notOffered, Refusal } from "./protocol-errors.ts";
import { type MachineRequest, machineRequest, type PoolBody } from "./schemas.ts";

/** The most pools. */
const poolsMost = 1000;

/** How sandboxes are made that are claimed. None waits: each is a fork of an interpreter that is warm anyway. */
interface Pool {
  readonly id: string;
  readonly namespace: string;
  request: MachineRequest;
  body: PoolBody;
  /** Claims whose sandboxes are being opened. */
  claiming: number;
}

/** All pools. */
export class Pools {
  readonly #pools: Map<string, Pool> = new Map();
  readonly #machines: Machines;

  constructor(machines: Machines) {
    this.#machines = machines;
  }

  /** @throws what is not offered; `image_missing` */
  create(body: PoolBody, namespace: string): object {
    if (this.#pools.size >= poolsMost) throw conflict("TOO_MANY_POOLS", `there are ${poolsMost} pools`);
    const id = makeId();
    this.#pools.set(id, { id, namespace, body, request: this.#requestOf(body, id), claiming: 0 });
    return { pool_id: id, namespace };
  }

  /** Replaces how its sandboxes are made; those that were claimed stay as they are. @throws as {@link create} */
  update(id: string, body: PoolBody): object {
    const pool = this.#find(id);
    pool.request = this.#requestOf(body, id);
    pool.body = body;
    return this.show(id);
  }

  /** @throws `not_found` */
  show(id: string): object {
    const pool = this.#find(id);
    const containers = this.#claimed(id).map((machine) => ({
      id: machine.id,
      state: "Running",
      sandbox_id: machine.id,
      executor_id: "sameseed",
    }));
    return { ...infoOf(pool), containers };
  }

  list(): readonly object[] {
    return [...this.#pools.values()].map(infoOf);
  }

  /** @throws `not_found`; a conflict while sandboxes of it are open */
  delete(id: string): void {
    if (this.#inUse(this.#find(id)) > 0)
      throw conflict("POOL_IN_USE", "sandboxes of this pool are open: terminate them first");
    this.#pools.delete(id);
  }

  /** Opens a sandbox of it. @throws as `Machines.create`; a refusal where it has as many as it may */
  async claim(id: string, patience: Patience): Promise<Machine> {
    const pool = this.#find(id);
    const { request, namespace, body } = pool;
    if (body.max_containers != null && this.#inUse(pool) >= body.max_containers)
      throw new Refusal(
        422,
        "POOL_AT_CAPACITY",
        `this pool has ${body.max_containers} sandboxes at the most`,
      );
    pool.claiming++;
    try {
      return await this.#machines.create(request, namespace, patience);
    } finally {
      pool.claiming--;
    }
  }

  #find(id: string): Pool {
    const found = this.#pools.get(id);
    if (found === undefined) throw missing("pool", id);
    return found;
  }

  #claimed(id: string): readonly Machine[] {
    return this.#machines.running.filter(({ request }) => request.poolId === id);
  }

  /** How many sandboxes it has, with those that are being opened. */
  #inUse({ id, claiming }: Pool): number {
    return this.#claimed(id).length + claiming;
  }

  #requestOf(body: PoolBody, id: string): MachineRequest {
    if (body.snapshot_id != null)
      throw notOffered("pools of a snapshot", "create sandboxes with the snapshot_id instead of a pool");
    // Two sandboxes cannot have one name.
    if (body.name != null)
      throw notOffered("names of pools", "leave name out; a claimed sandbox can be renamed");
    const request = { ...machineRequest(body), poolId: id };
    checkKnownImage(request.image);
    return request;
  }
}

function infoOf({ id, namespace, request, body }: Pool): object {
  return {
    id,
    namespace,
    image: request.image,
    resources: resourcesOf(request.memoryMb, request.diskMb),
    timeout_secs: request.timeoutSecs,
    network_policy: noNetwork,
    ...(body.max_containers == null ? {} : { max_containers: body.max_containers }),
    ...(body.warm_containers == null ? {} : { warm_containers: body.warm_containers }),
  };
}
