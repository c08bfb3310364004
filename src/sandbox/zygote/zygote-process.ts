import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";

import { sha256Of, toDigest } from "../../base/digest.ts";
import { SameseedError } from "../../base/error.ts";
import { startPatience } from "../../base/patience.ts";
import type { SlotGroup } from "../linux/cgroups.ts";
import { childPids, innerPid, startTime } from "../linux/processes.ts";
import { Slot } from "./slot.ts";
import { controlStream, spawnZygote, type SpawnedZygote, type ZygoteOptions } from "./spawn-zygote.ts";
import { encodeLend, encodeNewSlot, messages, slotsMax, type WireReady } from "./wire.ts";

const startTimeoutMs = 60_000;
/** How long a zygote may take to fork a slot: some ms, or a while on a machine with far too much to do. */
const slotTimeoutMs = 10_000;
/** How long the kernel may take to end what was in a zygote's control groups; then they are the janitor's. */
const emptyTimeoutMs = 2_000;

function tooLate(what: "start" | "answer", timeoutMs: number, cause?: unknown): SameseedError {
  const hint = "check whether something stops processes on this host, or whether it is overloaded";
  const message = `a zygote did not ${what} within ${timeoutMs} ms and was ended`;
  return new SameseedError("zygote_failed", message, { hint, cause });
}

/** One zygote inside its outer wall: makes slots, and says when it is gone. */
export class ZygoteProcess {
  /** What the zygote said of itself. */
  readonly ready: WireReady;
  /** Resolves when the process is gone. */
  readonly exited: Promise<void>;
  readonly #options: ZygoteOptions;
  readonly #child: ChildProcess;
  readonly #control: Socket;
  readonly #pid: number | undefined;
  readonly #slots: Map<number, Slot> = new Map();
  /** Slots that died before this process had taken them into its list. */
  readonly #stillborn: Set<number> = new Set();
  /** Each slot's process id inside the outer wall. */
  readonly #inner: Map<number, number> = new Map();
  #slotsMade = 0;
  readonly #groups: SlotGroup[] = [];
  readonly #pending: Map<number, PromiseWithResolvers<number>> = new Map();
  /** Of a tree: takes the number of a lent stream that nobody holds any more. */
  onReturned: (index: number) => void = () => {};
  /** Of a tree: called when the zygote is gone, before what it had is given back. */
  onDead: (reason: SameseedError) => void = () => {};
  #dead: SameseedError | undefined;
  #hung: SameseedError | undefined;
  #closing: Promise<void> | undefined;

  private constructor(options: ZygoteOptions, started: SpawnedZygote, ready: WireReady) {
    this.#options = options;
    this.#child = started.child;
    this.#control = started.control;
    this.ready = ready;
    // bubblewrap, its first process inside, the zygote.
    this.#pid = childPids(childPids(started.child.pid!)[0] ?? 0)[0];
    this.exited = started.exited.then((reason) => this.#bury(reason));
    started.onMessage = (type, body) => this.#receive(type, body);
    started.onDirect = (slot, run, stream) => {
      const taker = this.#slots.get(slot);
      if (taker === undefined) stream.destroy();
      else taker.adopt(run, stream);
    };
    started.child.unref();
    for (const stream of started.child.stdio) (stream as Socket | null)?.unref?.();
  }

  /**
   * Starts one and waits until it is warm.
   * @param timeoutMs how long that may take. @default a minute
   * @throws `wall_unavailable` where the host forbids the outer wall, `zygote_failed` for anything else
   */
  static async start(
    options: ZygoteOptions,
    signal?: AbortSignal,
    timeoutMs: number = startTimeoutMs,
  ): Promise<ZygoteProcess> {
    const started = spawnZygote(options);
    let isLate = false;
    const timeout = setTimeout(() => (isLate = started.child.kill("SIGKILL")), timeoutMs);
    const abort = (): void => void started.child.kill("SIGKILL");
    signal?.addEventListener("abort", abort, { once: true });
    try {
      const ready = await Promise.race([
        started.ready,
        started.exited.then((reason) => Promise.reject(reason)),
      ]);
      return new ZygoteProcess(options, started, ready);
    } catch (error) {
      if (signal?.aborted === true)
        throw new SameseedError("aborted", "the start of a zygote was aborted", { cause: error });
      if (isLate) throw tooLate("start", timeoutMs, error);
      throw error;
    } finally {
      clearTimeout(timeout);
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Whether each of its slots has an id of the host of its own. */
  get hasOwnIds(): boolean {
    return this.#options.ids.map !== undefined;
  }

  /** The filter of a sandbox with a network of its own. */
  get loopbackFilter(): Uint8Array {
    return this.#options.filters.loopback;
  }

  /** SHA-256 over both seccomp programs of its sandboxes. */
  get filtersDigest(): string {
    const { slot, sandbox } = this.#options.filters;
    return toDigest(sha256Of([slot, sandbox]));
  }

  /** Whether it can still make slots. */
  get alive(): boolean {
    return this.#dead === undefined;
  }

  /** Whether {@link newSlot} may be called. */
  get hasRoom(): boolean {
    return this.alive && this.#slotsMade < Math.min(this.#options.slots, slotsMax);
  }

  /** Whether any slot it made still takes sandboxes, or runs one. */
  get hasSlots(): boolean {
    return this.#slots.size > 0;
  }

  /** Forks one more slot, and puts it into a control group of its own where there are any. */
  async newSlot(): Promise<Slot> {
    if (this.#dead !== undefined) throw this.#dead;
    const index = this.#slotsMade++;
    const made = Promise.withResolvers<number>();
    this.#pending.set(index, made);
    this.#control.ref();
    this.#control.write(encodeNewSlot(index));
    const stopWaiting = startPatience(slotTimeoutMs, () => this.#giveUp());
    const pid = await made.promise.finally(() => {
      stopWaiting();
      if (this.#pending.size === 0) this.#control.unref();
    });
    this.#inner.set(index, pid);
    const group = await this.#group(pid);
    if (this.#dead !== undefined) throw this.#dead;
    if (this.#stillborn.has(index)) throw slotDied();
    const stream = this.#child.stdio[controlStream + 1 + index] as Socket;
    const slot = new Slot(index, stream, group, () => this.#endHungSlot(index, pid));
    this.#slots.set(index, slot);
    return slot;
  }

  /** Lends a stream to what is copied next; only of the zygote of a tree. */
  lend(index: number): Socket {
    if (this.#dead !== undefined) throw this.#dead;
    this.#control.write(encodeLend(index));
    return this.#child.stdio[controlStream + 1 + index] as Socket;
  }

  /** A control group for a process of it, or undefined where there are none; it is removed when the zygote is closed. */
  makeGroup(): SlotGroup | undefined {
    const group = this.#options.cgroups?.slot();
    if (group !== undefined) this.#groups.push(group);
    return group;
  }

  /** Whether sandboxes that ask their host can have streams that no slot carries. */
  get hasDirect(): boolean {
    return this.#options.tree !== true;
  }

  /** The filter of what may be copied. */
  get trunkFilter(): Uint8Array {
    return this.#options.filters.trunk;
  }

  /** The id on this host of the slot with that index, or undefined if it is gone. */
  slotPidOnHost(index: number): number | undefined {
    const inner = this.#inner.get(index);
    return inner === undefined ? undefined : this.#slotPid(inner);
  }

  /** Ends the zygote with everything that came of it, and waits until its control groups are gone. */
  async close(): Promise<void> {
    this.#closing ??= this.#end();
    await this.#closing;
  }

  /** The zygote's process id on this host, for measurements; undefined if it cannot be known. */
  get pid(): number | undefined {
    return this.#pid;
  }

  async #end(): Promise<void> {
    this.#child.ref();
    this.#child.kill("SIGKILL");
    await this.exited;
    this.#options.ids.release();
    for (const stream of this.#child.stdio) stream?.destroy();
    if (this.#child.connected) this.#child.disconnect();
    const deadline = performance.now() + emptyTimeoutMs;
    let left = this.#groups.splice(0);
    while ((left = left.filter((group) => !group.remove())).length > 0 && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  /** It was asked for a slot and says nothing: whatever holds it up, it is of no more use. */
  #giveUp(): void {
    this.#hung = tooLate("answer", slotTimeoutMs);
    this.#child.kill("SIGKILL");
  }

  /** Ends a slot that does not obey, with what runs in it; where it cannot be found, the whole zygote. */
  #endHungSlot(index: number, inner: number): void {
    const pid = this.#slotPid(inner);
    if (pid === undefined) this.#child.kill("SIGKILL");
    else killProcess(pid);
    // The zygote may itself be in no state to tell.
    this.#buryIndex(index);
  }

  #slotPid(inner: number): number | undefined {
    return childPids(this.#pid ?? 0).find((each) => innerPid(each) === inner);
  }

  /** Puts a slot into a control group of its own. That takes the kernel some ms, in which the host does other things. */
  async #group(inner: number): Promise<SlotGroup | undefined> {
    const { cgroups } = this.#options;
    if (cgroups === undefined) return undefined;
    const pid = this.#slotPid(inner);
    const started = pid === undefined ? undefined : startTime(pid);
    if (pid === undefined || started === undefined)
      throw new SameseedError(
        "zygote_failed",
        "a slot ended before it could be moved into its control group",
      );
    try {
      const group = cgroups.slot();
      this.#groups.push(group);
      await group.placeSoon(pid);
      // A number that was given again meanwhile is another process's, and the slot is gone.
      if (startTime(pid) !== started || this.#slotPid(inner) !== pid) throw slotDied();
      return group;
    } catch (error) {
      // Without its limits nothing may run in it.
      if (startTime(pid) === started) killProcess(pid);
      throw new SameseedError("sandbox_failed", "a slot could not be moved into its control group", {
        cause: error,
      });
    }
  }

  #receive(type: number, body: Buffer): void {
    if (type === messages.newSlot) {
      const index = body.readUInt32LE(0);
      this.#pending.get(index)?.resolve(body.readUInt32LE(4));
      this.#pending.delete(index);
    } else if (type === messages.slotDied) {
      this.#buryIndex(body.readUInt32LE(0));
    } else if (type === messages.returned) {
      this.onReturned(body.readUInt32LE(0));
    }
  }

  #buryIndex(index: number): void {
    const slot = this.#slots.get(index);
    this.#slots.delete(index);
    this.#pending.get(index)?.reject(slotDied());
    this.#pending.delete(index);
    if (slot === undefined) this.#stillborn.add(index);
    else slot.bury(slotDied());
  }

  #bury(exit: SameseedError): void {
    const reason = this.#hung ?? exit;
    this.#dead = reason;
    for (const slot of this.#slots.values()) slot.bury(reason);
    for (const pending of this.#pending.values()) pending.reject(reason);
    this.onDead(reason);
  }
}

function slotDied(): SameseedError {
  return new SameseedError("sandbox_failed", "the sandbox's slot died");
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It is gone.
  }
}
