import type { Socket } from "node:net";

import { SameseedError } from "../../base/error.ts";
import { startPatience } from "../../base/patience.ts";
import type { EndCause, OutputChannel, RunningSandbox, SandboxEnd } from "../contract.ts";
import type { GroupCounters, SlotGroup } from "../linux/cgroups.ts";
import { machineOomKills, recentMachineOomKills } from "../linux/machine-memory.ts";
import { signalOfStatus } from "../linux/signal-name.ts";
import { DirectStream } from "./direct-stream.ts";
import { judgeKill } from "./judge-kill.ts";
import { describeStatus, hostMemory, startError } from "./slot-errors.ts";
import type { SlotStart } from "./slot-start.ts";
import {
  decodeExit,
  encodeAnswer,
  encodeHeader,
  encodeMessage,
  inputChunkBytes,
  messages,
  type WireExit,
} from "./wire.ts";

const channels: readonly (OutputChannel | undefined)[] = [undefined, "stdout", "stderr", "stream"];
/** How often the CPU time of a whole process tree is looked at; the first look comes after as long. */
const cpuLookMs = 40;
/** How long a slot may take to tell the end of a sandbox that it has to end, in ms; a loaded machine needs some of it. */
const endGraceMs = 5_000;

/** What a run tells its slot. */
export interface SlotRunEvents {
  /** The slot takes another sandbox. */
  readonly done: () => void;
  /** The slot does not answer. */
  readonly endHung: () => void;
}

/** One sandbox from `start` to `exit`. */
export class SlotRun implements RunningSandbox {
  readonly born: Promise<number>;
  readonly ended: Promise<SandboxEnd>;
  readonly #stream: Socket;
  readonly #group: SlotGroup | undefined;
  readonly #start: SlotStart;
  readonly #events: SlotRunEvents;
  /** Where its slot does not carry its stream. */
  readonly #direct: DirectStream | undefined;
  readonly #before: GroupCounters | undefined;
  /** Counted only where no group counts. */
  readonly #machineOomKillsBefore: number;
  readonly #bornResolvers: PromiseWithResolvers<number> = Promise.withResolvers();
  readonly #endResolvers: PromiseWithResolvers<SandboxEnd> = Promise.withResolvers();
  #isBorn = false;
  #isOver = false;
  #received = 0;
  #cause: "output" | "cpu" | "wall" | undefined;
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
    this.#stopWaiting =
      start.wallMs === undefined ? () => {} : startPatience(start.wallMs, () => this.#waitForEnd());
    this.#before = group?.countersBefore();
    this.#machineOomKillsBefore = group === undefined ? recentMachineOomKills() : 0;
    this.#direct =
      start.direct === undefined
        ? undefined
        : new DirectStream(start.direct, {
            onData: (data) => this.#output("stream", data),
            onWall: () => this.kill("wall"),
          });
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
    else if (type === messages.exit) this.#exitDrained(decodeExit(body));
    else if (type === messages.error) this.fail(startError(body.toString()));
  }

  fail(error: SameseedError): void {
    if (this.#isOver) return;
    // What the host had decided stands, however the slot ends; and a slot can be what the kernel chose to end when its
    // sandbox had used up the group's memory.
    const group = this.#groupKills();
    const isOutOfMemory = group !== undefined && group.oomKills > 0 && group.limitHits > 0;
    const cause = this.#cause ?? (isOutOfMemory ? "memory" : undefined);
    if (cause !== undefined) {
      this.#becomeBorn();
      this.#finish({ cause: "killed", status: 9, cpuMs: 0, maxRssBytes: 0, wallMs: 0, bornMs: 0 }, cause);
      return;
    }
    this.#over();
    this.#bornResolvers.reject(error);
    this.#endResolvers.reject(error);
  }

  /** Takes the stream that its slot has made for it. */
  adopt(run: number, stream: Socket): void {
    if (this.#direct === undefined || this.#isOver) stream.destroy();
    else this.#direct.adopt(run, stream);
  }

  send(data: Uint8Array): void {
    if (this.#isOver) return;
    if (this.#direct !== undefined) return this.#direct.send(data);
    for (let at = 0; at < data.length; at += inputChunkBytes) {
      const part = data.subarray(at, at + inputChunkBytes);
      this.#stream.write(encodeHeader(messages.input, part.length));
      this.#stream.write(part);
    }
  }

  answer(data: Uint8Array): void {
    if (this.#isOver) return;
    if (this.#direct === undefined) this.#stream.write(encodeAnswer(data));
    else this.#direct.answer(data);
  }

  endInput(): void {
    if (this.#isOver) return;
    if (this.#direct === undefined) this.#stream.write(encodeMessage(messages.inputEnd));
    else this.#direct.endInput();
  }

  kill(cause?: "wall"): void {
    if (this.#isOver) return;
    if (!this.#isKilled) this.#cause ??= cause;
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

  /** The slot told the end when everything was sent, and what comes another way may not be told yet. */
  #exitDrained(exit: WireExit): void {
    if (this.#direct === undefined) return this.#exit(exit);
    this.#direct.drain((isThere) => {
      if (this.#isOver) return;
      if (isThere || exit.bornMs === undefined) this.#exit(exit);
      else this.fail(new SameseedError("sandbox_failed", "a sandbox's stream did not reach its host"));
    });
  }

  #exit(exit: WireExit): void {
    if (exit.bornMs === undefined) {
      const error = startError(this.#complaint === "" ? describeStatus(exit.status) : this.#complaint);
      if (exit.cause === "own") {
        this.fail(error);
      } else {
        // Ended by us before its wall stood: that is its end, and no failure of the host. A limit that is too short to
        // begin in is one like another; who ends a sandbox that he called for does not want it any more.
        const cause = this.#cause ?? exit.cause;
        if (cause !== "killed") this.#becomeBorn();
        else this.#bornResolvers.reject(error);
        this.#finish(exit, cause);
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

  #explainKill(exit: WireExit): void {
    const group = this.#groupKills();
    const verdict = judgeKill({
      group,
      machineOomKills: group === undefined ? machineOomKills() - this.#machineOomKillsBefore : 0,
      cpuMs: exit.cpuMs,
      cpuLimitMs: this.#start.cpuMs,
      peakMemoryBytes: exit.maxRssBytes,
      memoryLimitBytes: this.#start.memoryBytes,
    });
    if (verdict === "host memory") this.fail(hostMemory());
    else this.#finish(exit, verdict);
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
    this.#direct?.close();
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
    if (this.#isHeard && this.#start.untrusted !== true) this.#waitForEnd();
    else this.#events.endHung();
  }

  /** Processes of this sandbox that the kernel ended for want of memory, so far; undefined if nothing counts them. */
  oomKills(): number | undefined {
    return this.#groupKills()?.oomKills;
  }

  #groupKills(): Pick<GroupCounters, "oomKills" | "limitHits"> | undefined {
    if (this.#group === undefined) return undefined;
    const { oomKills, limitHits } = this.#group.counters();
    return { oomKills: oomKills - this.#before!.oomKills, limitHits: limitHits - this.#before!.limitHits };
  }
}
