import { SameseedError } from "../../base/error.ts";
import type { Limits } from "../../model/limits.ts";
import type { GroupPlan, RunningSandbox } from "../contract.ts";
import { encodeJob } from "../job.ts";
import type { SlotGroup } from "../linux/cgroups.ts";
import type { SlotLease } from "./slot-pool.ts";
import type { Slot } from "./slot.ts";
import type { ZygoteProcess } from "./zygote-process.ts";
import { encodeStart, type WireLink } from "./wire.ts";

const mebibyte = 1024 * 1024;
const shmBytes = 16 * mebibyte;
const openFiles = 256;
/** What the slot itself and the kernel's bookkeeping are charged for in a sandbox's control group. */
const groupSlackBytes = 24 * mebibyte;

let nextToken = 1n;
let nextRun = 0;
/** A u32. */
const runsMost = 0xffff_ffff;

/** Starts a group's sandboxes on slots that were leased for it, one each. */
export function startGroup(
  lease: SlotLease,
  plan: GroupPlan,
  calledAt: number,
  bare = false,
): RunningSandbox[] {
  const links = wireLinks(plan, lease.slots);
  // Everything that can fail comes before the first start: a group starts whole or not at all.
  const runs = plan.members.map(({ asks = false }) =>
    asks && !bare && lease.zygote.hasDirect ? (nextRun = (nextRun % runsMost) + 1) : undefined,
  );
  const messages = plan.members.map(({ job, limits, asks = false }, member) => {
    const slot = lease.slots[member]!;
    slot.checkIdle();
    limitGroup(slot.group, limits);
    const filter = limits.network === undefined ? new Uint8Array() : lease.zygote.loopbackFilter;
    return encodeStart(
      {
        ...wireLimits(limits, lease.zygote, slot.group !== undefined),
        loopback: limits.network !== undefined,
        filterBytes: filter.length,
        links: links[member]!,
        bare,
        announce: job.entry === "agent",
        asks,
        direct: runs[member],
      },
      filter.length === 0 ? encodeJob(job) : Buffer.concat([filter, encodeJob(job)]),
    );
  });
  const running = plan.members.map(({ limits, asks = false }, member) =>
    lease.slots[member]!.prepare({
      calledAt,
      outputBytes: limits.outputBytes,
      wallMs: asks ? undefined : limits.wallMs,
      cpuMs: limits.cpuMs,
      memoryBytes: limits.memoryMb * mebibyte,
      direct: runs[member] === undefined ? undefined : { run: runs[member], wallMs: limits.wallMs },
      onOutput: (channel, data) => plan.onOutput(member, channel, data),
    }),
  );
  // With nothing in between: whichever is started first waits for the others, on somebody's clock.
  messages.forEach((message, member) => lease.slots[member]!.begin(message));
  return running;
}

/** Whether a sandbox of the group has a network of its own: then it is started where some may. */
export function hasNetwork({ members }: GroupPlan): boolean {
  return members.some(({ limits }) => limits.network !== undefined);
}

/** Sets what a control group lets its next sandbox use. */
export function limitGroup(group: SlotGroup | undefined, limits: Limits): void {
  try {
    group?.limit(limits.memoryMb * mebibyte + groupSlackBytes, limits.processes + 1);
    if (limits.network !== undefined) group?.limitSockets(limits.memoryMb * mebibyte);
  } catch (error) {
    throw new SameseedError("sandbox_failed", "the limits of a sandbox's control group could not be set", {
      cause: error,
    });
  }
}

/** Limits as a slot is told them. */
export function wireLimits(
  limits: Limits,
  zygote: ZygoteProcess,
  hasGroup: boolean,
): Omit<Parameters<typeof encodeStart>[0], "links" | "bare" | "announce" | "asks"> {
  return {
    addressSpaceBytes: zygote.ready.addressSpaceBytes + limits.memoryMb * mebibyte,
    fileBytes: limits.diskMb * mebibyte,
    tmpBytes: limits.diskMb * mebibyte,
    shmBytes: Math.min(shmBytes, limits.diskMb * mebibyte),
    wallUs: limits.wallMs * 1000,
    cpuUs: limits.cpuMs * 1000,
    cpuSeconds: Math.ceil(limits.cpuMs / 1000) + 1,
    // A control group counts the refusals, so it must be the one that refuses.
    processes: limits.processes + (hasGroup ? 8 : 0),
    openFiles,
  };
}

function wireLinks(plan: GroupPlan, slots: readonly Slot[]): WireLink[][] {
  const links: WireLink[][] = plan.members.map(() => []);
  for (const [from, to] of plan.links) {
    if (from === to || links[from] === undefined || links[to] === undefined) {
      throw new SameseedError("internal", `a link from ${from} to ${to} in a group of ${links.length}`);
    }
    const token = nextToken++;
    links[from].push({ kind: "make", peer: slots[to]!.index, token });
    links[to].push({ kind: "take", peer: slots[from]!.index, token });
  }
  return links;
}

/** Refuses a start that cannot be wanted any more. */
export function refuseUnready(closed: boolean, signal: AbortSignal | undefined): void {
  if (closed) throw new SameseedError("sandbox_closed", "the sandbox host was closed");
  if (signal?.aborted === true) throw new SameseedError("aborted", "the call was aborted");
}

/** Ends a group when its caller's signal fires or the host fails one of it; resolves when all are over. */
export async function watchGroup(
  running: readonly RunningSandbox[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const killAll = (): void => running.forEach((each) => each.kill());
  signal?.addEventListener("abort", killAll, { once: true });
  if (signal?.aborted === true) killAll();
  // A member that the host failed takes the others along: their caller sees the failure, not a missing partner.
  for (const each of running) each.ended.catch(killAll);
  await Promise.allSettled(running.map(({ ended }) => ended));
  signal?.removeEventListener("abort", killAll);
}
