import { SameseedError } from "../../base/error.ts";
import { startPatience } from "../../base/patience.ts";
import type { Limits } from "../../model/limits.ts";
import type { BranchPlan, RunningSandbox } from "../contract.ts";
import { childPids, innerPid, startTime } from "../linux/processes.ts";
import { SlotRun } from "./slot-run.ts";
import { limitGroup, wireLimits } from "./start-group.ts";
import type { TreeStream } from "./tree-streams.ts";
import type { TreeParts } from "./tree-parts.ts";
import { type CopyOrder, encodeCopy, encodeMessage, encodeStart, messages } from "./wire.ts";

/** A copy's process id in its trunk's namespace is this less its number (`COPY_PID`). */
const copyPid = 32_000;
/** How long a trunk that waits may take to be copied. */
const copyTimeoutMs = 10_000;
/** How long what a copy said last may be on its way when its end is told. */
const lastWordsMs = 20;
/**
 * How often an idle copy's CPU time is looked at, and how much of it, in ms, one may have used that only waits. So much is
 * forgiven at each look: the kernel's own work in its control group is little and comes seldom.
 */
const idleLookMs = 1_000;
const idleCpuMs = 1_000;
const forgivenMs = 50;
const mebibyte = 1024 * 1024;

/** A copy of a trunk that waits in C: it starts children that go on from the trunk's state, one after the other. */
export class FrozenCopy {
  readonly #parts: TreeParts;
  readonly #stream: TreeStream;
  #run: SlotRun | undefined;
  #isGone = false;
  #isLeaving = false;
  readonly #stopListening: () => void;
  readonly #watch: NodeJS.Timeout;
  /** CPU time of its group, in ms, that is not its own while it waits. */
  #usedMs = 0;
  /** Copyings of it under way, and whether there was one since the last look. */
  #copyings = 0;
  #wasCopied = false;
  /** Its process on this host. */
  readonly pid: number;
  /** Resolves once it is in its control group: nothing may start in it before. Rejects where it cannot be put there. */
  readonly placed: Promise<void>;

  private constructor(parts: TreeParts, stream: TreeStream, trunkPid: number) {
    this.#parts = parts;
    this.#stream = stream;
    const found = find(stream, trunkPid);
    if (found === undefined) throw parts.fail(lostCopy());
    this.pid = found.pid;
    stream.handle = (type, channel, body) => this.#run?.receive(type, channel, body);
    stream.gone = () => this.#lose();
    // Where the tree is lost already, the listener is called at once.
    this.#watch = setInterval(() => this.#look(), idleLookMs).unref();
    this.#stopListening = parts.lost((error) => this.fail(error));
    // The group has counted every copy that had this stream before.
    this.#usedMs = this.#cpuMs();
    this.placed = this.#place(found, trunkPid);
    this.placed.catch(() => {});
  }

  /**
   * Has a state copied.
   * @param trunkPid the trunk on this host: every copy of it is its child
   * @param ask tells the source to copy itself
   * @param limits what it may use while it waits: code of the environment may run there
   * @throws `not_copyable` with what the copy found; `sandbox_failed` where it died
   */
  static async make(
    parts: TreeParts,
    trunkPid: number,
    ask: CopyRequest,
    limits: Limits,
  ): Promise<FrozenCopy> {
    const stream = parts.streams.take();
    if (stream === undefined)
      throw notCopyable("its tree holds as many copies as it can", "close branches or checkpoints of it");
    const copied = Promise.withResolvers<void>();
    stream.handle = (type, _channel, body) => {
      if (type === messages.copied && body.length === 8 && body.readUInt32LE(4) === stream.number)
        copied.resolve();
      else if (type === messages.error) copied.reject(notCopyable(body.toString("latin1")));
      else throw new SameseedError("protocol_broken", `a copy began with message ${type}`);
    };
    // Why it ended may still be on its way.
    stream.gone = () =>
      void setTimeout(() => {
        copied.reject(new SameseedError("sandbox_failed", "a copy ended before it was whole"));
        parts.streams.giveBack(stream);
      }, lastWordsMs);
    const stopWaiting = startPatience(copyTimeoutMs, () =>
      parts.fail(new SameseedError("sandbox_failed", `a trunk was not copied within ${copyTimeoutMs} ms`)),
    );
    stream.socket.ref();
    const lost = parts.lost((error) => copied.reject(error));
    ask(stream, copied.promise);
    try {
      await copied.promise;
    } finally {
      stopWaiting();
      lost();
      stream.socket.unref();
    }
    limitGroup(stream.group, limits);
    return new FrozenCopy(parts, stream, trunkPid);
  }

  /** Whether it can start a child. */
  get isIdle(): boolean {
    return this.#run === undefined && !this.#isGone && !this.#isLeaving;
  }

  /**
   * Asks it to be copied itself.
   * @param copied settled when that is over: its copy is born in its control group and gathers its files there
   */
  askToCopy(order: CopyOrder, copied: Promise<unknown>): void {
    const over = (): void => void this.#copyings--;
    this.#copyings++;
    this.#wasCopied = true;
    copied.then(over, over);
    this.#stream.socket.write(encodeCopy(order));
  }

  /**
   * Starts what goes on from its state. It has to be {@link placed}.
   * @param kind a branch, behind the whole wall; or a trunk
   * @param done called when it is idle again
   */
  start(plan: BranchPlan, kind: "branch" | "trunk", calledAt: number, done: () => void): RunningSandbox {
    const { limits, asks = false } = plan;
    const { group, socket } = this.#stream;
    limitGroup(group, limits);
    const wire = wireLimits(limits, this.#parts.zygote, group !== undefined);
    const trunk = kind === "trunk";
    const message = encodeStart(
      {
        ...wire,
        processes: wire.processes + (trunk ? this.#parts.copyProcesses : 0),
        ...copyStart,
        trunk,
        asks,
      },
      new Uint8Array(),
    );
    const run = new SlotRun(
      socket,
      group,
      {
        calledAt,
        outputBytes: limits.outputBytes,
        wallMs: asks ? undefined : limits.wallMs,
        cpuMs: limits.cpuMs,
        memoryBytes: limits.memoryMb * mebibyte,
        onOutput: plan.onOutput,
        untrusted: true,
      },
      {
        done: () => {
          this.#run = undefined;
          this.#usedMs = this.#cpuMs();
          socket.unref();
          done();
        },
        endHung: () => this.#parts.fail(new SameseedError("sandbox_failed", "a copy did not obey")),
      },
    );
    this.#run = run;
    socket.ref();
    socket.write(message);
    return run;
  }

  /** Ends it once it serves nobody. */
  leave(): void {
    if (this.#isGone || this.#isLeaving) return;
    this.#isLeaving = true;
    const leave = (): void => {
      // Its stream may be another copy's by now.
      if (!this.#isGone) this.#stream.socket.write(encodeMessage(messages.leave));
    };
    // Before that, its number could be another process's by the time it is moved.
    this.placed.then(leave, leave);
  }

  /** Fails what runs in it. */
  fail(error: SameseedError): void {
    this.#isGone = true;
    clearInterval(this.#watch);
    this.#run?.fail(error);
  }

  /** Puts it into its control group. That takes the kernel some ms, in which the host does other things. */
  async #place({ pid, started }: FoundCopy, trunkPid: number): Promise<void> {
    let cause: unknown;
    try {
      await this.#stream.group?.placeSoon(pid);
    } catch (error) {
      cause = error;
    }
    const now = startTime(pid);
    this.#usedMs = this.#cpuMs();
    if (cause === undefined && now === started && childPids(trunkPid).includes(pid)) return;
    const error = lostCopy(cause);
    // One that has ended meanwhile runs nothing. Without its limits nothing may run in any other; and a number that was given
    // again was another process's.
    throw now === undefined || this.#isGone ? error : this.#parts.fail(error);
  }

  /** What its group has counted; nothing where there is none any more. */
  #cpuMs(): number {
    return this.#isGone ? 0 : (this.#stream.group?.cpuMs() ?? 0);
  }

  /** Ends the tree of an idle copy that computes: it waits in C, so what runs there is code that no clock is kept for. */
  #look(): void {
    if (!this.isIdle) return;
    const used = this.#cpuMs() - this.#usedMs;
    const wasCopied = this.#wasCopied;
    this.#wasCopied = this.#copyings > 0;
    if (wasCopied) this.#usedMs += used;
    else if (used <= idleCpuMs) this.#usedMs += Math.min(used, forgivenMs);
    else this.#parts.fail(new SameseedError("sandbox_failed", "a copy that should only wait used CPU time"));
  }

  #lose(): void {
    this.#isGone = true;
    clearInterval(this.#watch);
    this.#stopListening();
    const { streams } = this.#parts;
    if (this.#isLeaving) return streams.giveBack(this.#stream);
    const run = this.#run;
    // It died of something else than our word. What it said before that is on its way, and belongs to what ran in it at most.
    setTimeout(() => {
      run?.fail(new SameseedError("sandbox_failed", "the copy that it ran in died"));
      streams.giveBack(this.#stream, run !== undefined);
    }, lastWordsMs);
  }
}

/** Tells a source to copy itself. @param copied settled once that is over */
export type CopyRequest = (order: CopyOrder, copied: Promise<unknown>) => void;

const copyStart = { links: [], bare: false, announce: true, copy: true } as const;

interface FoundCopy {
  readonly pid: number;
  readonly started: string;
}

/** Finds a copy on this host, which was born last of its sisters. */
function find(stream: TreeStream, trunkPid: number): FoundCopy | undefined {
  const pid = childPids(trunkPid).findLast((each) => innerPid(each) === copyPid - stream.number);
  const started = pid === undefined ? undefined : startTime(pid);
  return pid === undefined || started === undefined ? undefined : { pid, started };
}

/** A copy that cannot be used. */
export function lostCopy(cause?: unknown): SameseedError {
  return new SameseedError("sandbox_failed", "a copy could not be put under its limits", { cause });
}

/** A state that cannot be copied. @param reason a clause about the sandbox */
export function notCopyable(
  reason: string,
  hint: string = "replay what was recorded instead",
): SameseedError {
  return new SameseedError("not_copyable", `the sandbox cannot be copied: ${reason}`, {
    context: { reason },
    hint,
  });
}
