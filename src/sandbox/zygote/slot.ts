import type { Socket } from "node:net";

import { SameseedError } from "../../base/error.ts";
import { startPatience } from "../../base/patience.ts";
import type { EndCause, OutputChannel, RunningSandbox, SandboxEnd } from "../contract.ts";
import type { GroupCounters, SlotGroup } from "../linux/cgroups.ts";
import { signalOfStatus } from "../linux/signal-name.ts";
import { describeStatus, hostMemory, killedFromOutside, startError } from "./slot-errors.ts";
import type { SlotStart } from "./slot-start.ts";
import {
  decodeExit,
  encodeHeader,
  encodeMessage,
  inputChunkBytes,
  MessageReader,
  messages,
  type WireExit,
} from "./wire.ts";

const channels: readonly (OutputChannel | undefined)[] = [undefined, "stdout", "stderr", "stream"];
/** How often the CPU time of a whole process tree is looked at; the first look comes after as long. */
const cpuLookMs = 40;
/** How long a slot may take to tell the end of a sandbox that it has to end, in ms; a loaded machine needs some of it. */
const endGraceMs = 5_000;
/** How long a zygote may take to tell that a slot is dead whose stream has ended, in ms. */
const deathGraceMs = 1_000;

/** The host's end of one slot: starts one sandbox at a time in it, and tells how it ended. */
export class Slot {
  readonly index: number;
  readonly group: SlotGroup | undefined;
  readonly #stream: Socket;
  readonly #endHung: () => void;
  #run: SlotRun | undefined;
  #dead: SameseedError | undefined;

  /** @param endHung ends the slot's process, and calls {@link bury} */
  constructor(index: number, stream: Socket, group: SlotGroup | undefined, endHung: () => void) {
    this.index = index;
    this.group = group;
    this.#stream = stream;
    this.#endHung = endHung;
    const reader = new MessageReader((type, channel, body) => this.#run?.receive(type, channel, body));
    stream.on("data", (chunk: Buffer) => reader.push(chunk));
    stream.on("error", () => {}); // the zygote's own end says why
    stream.on("close", () => this.#losePeer());
    stream.unref();
  }

  /** The slot is dead. Its zygote says why, where it can; until then nothing else may keep this process running. */
  #losePeer(): void {
    const run = this.#run;
    if (run === undefined) return;
    const timer = setTimeout(this.#endHung, deathGraceMs);
    const stop = (): void => clearTimeout(timer);
    run.ended.then(stop, stop);
  }

  /** Whether the slot can take another sandbox. */
  get usable(): boolean {
    return this.#dead === undefined;
  }

  /** Refuses a start that cannot succeed. */
  checkIdle(): void {
    if (this.#dead !== undefined) throw this.#dead;
    if (this.#run !== undefined) throw new SameseedError("internal", "the slot is in use");
  }

  /** Starts a sandbox. The slot must be idle. */
  start(start: SlotStart): RunningSandbox {
    this.checkIdle();
    this.#stream.ref();
    const done = (): void => {
      this.#run = undefined;
      this.#stream.unref();
    };
    const run = new SlotRun(this.#stream, this.group, start, { done, endHung: this.#endHung });
    this.#run = run;
    this.#stream.write(start.message);
    return run;
  }

  /** Marks the slot unusable and fails what runs in it. */
  bury(error: SameseedError): void {
    this.#dead ??= error;
    this.#run?.fail(error);
  }
}

interface SlotRunEvents {
  readonly done: () => void;
  readonly endHung: () => void;
}

/** One sandbox from `start` to `exit`. */
class SlotRun implements RunningSandbox {
  readonly born: Promise<number>;
  readonly ended: Promise<SandboxEnd>;
  readonly #stream: Socket;
  readonly #group: SlotGroup | undefined;
  readonly #start: SlotStart;
  readonly #events: SlotRunEvents;
  readonly #before: GroupCounters | undefined;
  readonly #bornResolvers: PromiseWithResolvers<number> = Promise.withResolvers();
  readonly #endResolvers: PromiseWithResolvers<SandboxEnd> = Promise.withResolvers();
  #isBorn = false;
  #isOver = false;
  #received = 0;
  #cause: "output" | "cpu" | undefined;
  #cpuTimer: NodeJS.Timeout | undefined;
  #complaint = "";
  #isHeard = false;
  #isKilled = false;
  #stopWaiting: () => void;

  constructor(stream: Socket, group: SlotGroup | undefined, start: SlotStart, events: SlotRunEvents) {
    this.#stream = stream;
    this.#group = group;
    this.#start = start;
    this.#events = events;
    this.#stopWaiting = startPatience(start.wallMs, () => this.#waitForEnd());
    this.#before = group?.countersBefore();
    this.born = this.#bornResolvers.promise;
    this.ended = this.#endResolvers.promise;
    this.born.catch(() => {});
    this.ended.catch(() => {});
    if (group !== undefined) this.#watchCpu();
  }

  receive(type: number, channel: number, body: Buffer): void {
    this.#isHeard = true;
    if (type === messages.output) this.#output(channels[channel], body);
    else if (type === messages.born) this.#becomeBorn();
    else if (type === messages.exit) this.#exit(decodeExit(body));
    else if (type === messages.error) this.fail(startError(body.toString()));
  }

  fail(error: SameseedError): void {
    if (this.#isOver) return;
    // A slot can be what the kernel chose to end when its sandbox had used up the group's memory.
    if (this.#oomKilled() === "own") {
      this.#becomeBorn();
      this.#finish({ cause: "killed", status: 9, cpuMs: 0, maxRssBytes: 0, wallMs: 0, bornMs: 0 }, "memory");
      return;
    }
    this.#over();
    this.#bornResolvers.reject(error);
    this.#endResolvers.reject(error);
  }

  send(data: Uint8Array): void {
    if (this.#isOver) return;
    for (let at = 0; at < data.length; at += inputChunkBytes) {
      const part = data.subarray(at, at + inputChunkBytes);
      this.#stream.write(encodeHeader(messages.input, part.length));
      this.#stream.write(part);
    }
  }

  endInput(): void {
    if (!this.#isOver) this.#stream.write(encodeMessage(messages.inputEnd));
  }

  kill(): void {
    if (this.#isOver) return;
    this.#stream.write(encodeMessage(messages.kill));
    if (this.#isKilled) return;
    this.#isKilled = true;
    this.#waitForEnd();
  }

  ref(): void {
    if (!this.#isOver) this.#stream.ref();
  }

  unref(): void {
    if (!this.#isOver) this.#stream.unref();
  }

  #becomeBorn(ms: number = performance.now() - this.#start.calledAt): void {
    if (this.#isBorn) return;
    this.#isBorn = true;
    this.#bornResolvers.resolve(ms);
  }

  #output(channel: OutputChannel | undefined, data: Buffer): void {
    if (channel === undefined || this.#cause === "output") return;
    // A child that cannot finish its wall says which step failed, as text; only its exit tells that it could not.
    if (channel === "stderr" && !this.#isBorn) {
      this.#complaint = (this.#complaint + data.toString("latin1")).slice(0, 500);
    }
    this.#received += data.length;
    if (this.#received <= this.#start.outputBytes) {
      this.#start.onOutput(channel, data);
      return;
    }
    this.#cause = "output";
    const kept = data.length - (this.#received - this.#start.outputBytes);
    if (kept > 0) this.#start.onOutput(channel, data.subarray(0, kept));
    this.kill();
  }

  #watchCpu(): void {
    this.#cpuTimer = setTimeout(() => {
      const used = this.#group!.cpuMs() - this.#before!.cpuMs;
      if (used >= this.#start.cpuMs) {
        this.#cause ??= "cpu";
        this.kill();
      } else {
        this.#watchCpu();
      }
    }, cpuLookMs);
    this.#cpuTimer.unref(); // what keeps this process running is the stream
  }

  #exit(exit: WireExit): void {
    if (exit.bornMs === undefined) {
      const error = startError(this.#complaint === "" ? describeStatus(exit.status) : this.#complaint);
      if (exit.cause === "own") {
        this.fail(error);
      } else {
        // Ended by us before its wall stood: that is its end, and no failure of the host.
        this.#bornResolvers.reject(error);
        this.#finish(exit, exit.cause);
      }
      return;
    }
    // The wall stood so long before the end; what lay between the call and the fork was the host's.
    const sinceCallMs = performance.now() - this.#start.calledAt;
    this.#becomeBorn(Math.max(0, sinceCallMs - exit.wallMs) + exit.bornMs);
    const cause = this.#cause ?? exit.cause;
    if (cause === "own" && signalOfStatus(exit.status) === "SIGKILL") this.#explainKill(exit);
    else this.#finish(exit, cause);
  }

  /** Nothing in a sandbox can end its first process with SIGKILL: the kernel did, for a limit of ours, or somebody outside. */
  #explainKill(exit: WireExit): void {
    const oom = this.#oomKilled();
    if (oom === "own") this.#finish(exit, "memory");
    else if (oom === "host") this.fail(hostMemory());
    else if (exit.cpuMs >= this.#start.cpuMs) this.#finish(exit, "cpu");
    else this.fail(killedFromOutside());
  }

  #finish(exit: WireExit, cause: EndCause): void {
    const after = this.#group?.counters();
    this.#over();
    this.#endResolvers.resolve({
      cause,
      exitCode: signalOfStatus(exit.status) === null ? exit.status >> 8 : null,
      signal: signalOfStatus(exit.status),
      cpuMs: after === undefined ? exit.cpuMs : Math.max(exit.cpuMs, after.cpuMs - this.#before!.cpuMs),
      wallMs: exit.wallMs,
      peakMemoryBytes: exit.maxRssBytes,
      processLimitHit: after === undefined ? undefined : after.forkRefusals > this.#before!.forkRefusals,
      oomKills: after === undefined ? undefined : after.oomKills - this.#before!.oomKills,
    });
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#cpuTimer);
    this.#stopWaiting();
    this.#events.done();
  }

  /** From here on the slot must tell the end soon: it has been told to end the sandbox, or its wall time is over. */
  #waitForEnd(): void {
    this.#isHeard = false;
    this.#stopWaiting();
    this.#stopWaiting = startPatience(endGraceMs, () => this.#lookAtHung());
  }

  /** A slot that sends is slow and not stopped: what it sends comes before the end that it is to tell. */
  #lookAtHung(): void {
    if (this.#isHeard) this.#waitForEnd();
    else this.#events.endHung();
  }

  /** Processes of this sandbox that the kernel ended for want of memory, so far; undefined where nothing counts them. */
  oomKills(): number | undefined {
    return this.#group === undefined ? undefined : this.#group.counters().oomKills - this.#before!.oomKills;
  }

  /** Whose memory had run out when the kernel ended a process of this sandbox for it; undefined where it ended none. */
  #oomKilled(): "own" | "host" | undefined {
    if (this.#group === undefined) return undefined;
    const { oomKills, limitHits } = this.#group.counters();
    if (oomKills === this.#before!.oomKills) return undefined;
    return limitHits > this.#before!.limitHits ? "own" : "host";
  }
}
