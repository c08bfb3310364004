/*
 * Theory of operation. The protocol's sandbox has an identifier that is also the name of a host, and is told of for a while
 * behind its end. Here it is a record about one of the server's sandboxes, which is opened, kept alive and closed as any other.
 */
import { randomInt } from "node:crypto";
import { availableParallelism } from "node:os";

import { maxLimitMs } from "../../../model/limits.ts";
import type { EndCause } from "../../../sandbox/contract.ts";
import type { ServerContext } from "../../context.ts";
import { type Lease, leaseMsLeast, leaseMsMost } from "../../leases.ts";
import { checkKnownImage } from "../../native/known-image.ts";
import type { Origin } from "../../native/sandboxes.ts";
import type { ServedOptions, ServedSandbox } from "../../native/served-sandbox.ts";
import type { Patience } from "../../slots.ts";
import { conflict, missing } from "./protocol-errors.ts";
import type { MachineRequest } from "./schemas.ts";

const idLetters = "abcdefghijklmnopqrstuvwxyz0123456789";
/** The most sandboxes that are told of behind their end. */
const endedMost = 1000;
/** The most bytes that one process may write. */
const outputBytes = 64 * 1024 * 1024;

/** An identifier as the protocol's clients know them: 21 small letters and digits, which nobody guesses. */
export function makeId(): string {
  return Array.from({ length: 21 }, () => idLetters[randomInt(idLetters.length)]).join("");
}

/** What is told of a process beside what it is: which of its streams is not kept. */
export type Discarded = ReadonlySet<"stdout" | "stderr">;

/** A sandbox of this protocol. */
export class Machine {
  readonly id: string = makeId();
  readonly served: ServedSandbox;
  readonly request: MachineRequest;
  readonly namespace: string;
  name: string | undefined;
  /** Whether its client ended it, and not its time. */
  wasTerminated = false;
  readonly discarded: Map<string, Discarded> = new Map();

  /** Made by {@link Machines}. */
  constructor(served: ServedSandbox, request: MachineRequest, namespace: string) {
    this.served = served;
    this.request = request;
    this.namespace = namespace;
    this.name = request.name;
  }

  get isRunning(): boolean {
    return this.served.closedAtMs === undefined;
  }

  /** What a client is told of it. @param url where the server can be reached */
  info(url: string): object {
    const { served, request, isRunning } = this;
    const { image, memoryMb, diskMb, timeoutSecs, poolId } = request;
    return {
      id: this.id,
      namespace: this.namespace,
      status: isRunning ? "running" : "terminated",
      image,
      resources: resourcesOf(memoryMb, diskMb),
      timeout_secs: timeoutSecs,
      network_policy: noNetwork,
      ...(poolId === undefined ? {} : { pool_id: poolId }),
      created_at: Date.parse(served.createdAt),
      ...(isRunning
        ? { sandbox_url: url }
        : {
            terminated_at: served.closedAtMs,
            termination_reason: reasonOf(this),
          }),
      ...(this.name === undefined ? {} : { name: this.name }),
      allow_unauthenticated_access: false,
      exposed_ports: [],
    };
  }

  /** What its client is told when it is there. */
  created(url: string): object {
    const named = this.name === undefined ? {} : { name: this.name };
    return { sandbox_id: this.id, status: "running", sandbox_url: url, ...named };
  }
}

/** Why one that is over is so. What closed it without its client was the time in which nobody named it. */
function reasonOf({ wasTerminated, served: { endCause } }: Machine): string {
  if (endCause === undefined) return wasTerminated ? "terminated" : "timeout";
  return endReasons[endCause] ?? "failed";
}

const endReasons: Readonly<Partial<Record<EndCause | "failed", string>>> = {
  wall: "timeout",
  cpu: "cpu_limit",
  memory: "out_of_memory",
};

/** There is none, whatever a client leaves to the default. */
export const noNetwork: object = { allow_internet_access: false, allow_out: [], deny_out: [] };

/** What a sandbox may use. Processors are not divided: each may use all of them. */
export function resourcesOf(memoryMb: number, diskMb: number): object {
  return { cpus: availableParallelism(), memory_mb: memoryMb, disk_mb: diskMb, ephemeral_disk_mb: diskMb };
}

/** All sandboxes of this protocol. */
export class Machines {
  readonly #context: ServerContext;
  readonly #machines: Map<string, Machine> = new Map();

  constructor(context: ServerContext) {
    this.#context = context;
  }

  /** Those that run, in the order in which they were opened. */
  get running(): readonly Machine[] {
    return [...this.#machines.values()].filter(({ isRunning }) => isRunning);
  }

  /** Whether an identifier is that of a sandbox that is, or was until lately. */
  has(id: string): boolean {
    return this.#machines.has(id);
  }

  /** Opens one. @throws as `Sandboxes.create`; a conflict where another has its name */
  async create(
    request: MachineRequest,
    namespace: string,
    patience: Patience,
    origin?: Origin,
  ): Promise<Machine> {
    const { sandboxes } = this.#context;
    const options = optionsOf(request);
    this.#refuseName(request.name);
    const served = await sandboxes.create(options, () => this.#lease(request), patience, origin);
    try {
      this.#refuseName(request.name);
    } catch (error) {
      await served.close();
      throw error;
    }
    return this.#keep(new Machine(served, request, namespace));
  }

  /** Copies the files of one. @throws as `Sandboxes.fork` */
  async copy(of: Machine, times: number, patience: Patience): Promise<PromiseSettledResult<Machine>[]> {
    const request = { ...of.request, name: undefined, poolId: undefined };
    const lease = (): Lease => this.#lease(request);
    const forks = await this.#context.sandboxes.fork(of.served, times, lease, patience);
    return forks.map((fork) =>
      fork.status === "rejected"
        ? fork
        : { status: "fulfilled", value: this.#keep(new Machine(fork.value, request, of.namespace)) },
    );
  }

  /** One by its identifier or name, also one that ended. @throws `not_found` */
  find(identifier: string): Machine {
    const found = this.#machines.get(identifier) ?? this.#named(identifier);
    if (found === undefined) throw missing("sandbox", identifier);
    return found;
  }

  /** One that runs; whoever names it keeps it alive. @throws `not_found`; a conflict where it has ended */
  findRunning(identifier: string): Machine {
    const found = this.find(identifier);
    if (!found.isRunning || found.served.lease.isEnded)
      throw conflict("SANDBOX_NOT_RUNNING", `the sandbox ${found.id} has ended: create another`);
    found.served.lease.touch();
    return found;
  }

  /** Gives one another name. @throws a conflict where another has it */
  rename(machine: Machine, name: string): void {
    if (machine.name === name) return;
    this.#refuseName(name);
    machine.name = name;
  }

  #keep(machine: Machine): Machine {
    this.#machines.set(machine.id, machine);
    const ended = [...this.#machines.values()].filter(({ isRunning }) => !isRunning);
    for (const { id } of ended.slice(0, Math.max(0, ended.length - endedMost))) this.#machines.delete(id);
    return machine;
  }

  #named(name: string): Machine | undefined {
    return this.running.find((machine) => machine.name === name);
  }

  #refuseName(name: string | undefined): void {
    if (name !== undefined && this.#named(name) !== undefined)
      throw conflict(
        "NAME_TAKEN",
        `a sandbox has the name ${name} already: connect to it, or choose another`,
      );
  }

  /** It has no heartbeats: every request that names the sandbox keeps it. */
  #lease({ timeoutSecs }: MachineRequest): Lease {
    const ttl = Math.min(Math.max(lifetimeMs(timeoutSecs), leaseMsLeast), leaseMsMost);
    return this.#context.leases.open(ttl, false);
  }
}

function optionsOf({ image, memoryMb, diskMb, timeoutSecs }: MachineRequest): ServedOptions {
  const timeoutMs = lifetimeMs(timeoutSecs);
  return {
    image: checkKnownImage(image),
    memoryMb,
    diskMb,
    timeoutMs,
    cpuMs: Math.min(maxLimitMs, timeoutMs * availableParallelism()),
    processes: 256,
    outputBytes,
  };
}

function lifetimeMs(timeoutSecs: number): number {
  return timeoutSecs === 0 ? maxLimitMs : Math.max(1, Math.round(timeoutSecs * 1000));
}
