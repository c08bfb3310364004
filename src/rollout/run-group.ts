import { setTimeout as sleep } from "node:timers/promises";

import { SameseedError } from "../base/error.ts";
import type { GroupPlan, RunningSandbox, SandboxBackend, SandboxEnd } from "../sandbox/contract.ts";
import { whenBorn } from "../sandbox/when-born.ts";
import { LastWords } from "./last-words.ts";

/** How long a member that closed its link may take to be dead before it is ended. */
const silentGraceMs = 3000;

/** What starts a rollout's sandboxes: a backend, or for a copied rollout the state that is copied. */
export type SandboxStarter = Pick<SandboxBackend, "start">;

/** What is started together: a member that speaks to the host, and those that only it speaks to. */
export interface GroupRun extends Pick<GroupPlan, "members" | "links"> {
  readonly signal?: AbortSignal | undefined;
  /** Takes what the first member sends; false ends the group. */
  readonly onStream: (data: Buffer) => boolean;
  /** Told of the sandboxes as soon as they are started. */
  readonly onStart?: (running: readonly RunningSandbox[]) => void;
}

/** A group whose first member is over; the others may still live. */
export interface EndedGroup {
  readonly running: readonly RunningSandbox[];
  /** How the first member ended. */
  readonly first: SandboxEnd;
  readonly said: LastWords;
  /** From the call to the first sandbox's first byte. */
  readonly startMs: number;
  /** Ends the other members; of the one that fell silent, says how it had ended by itself. */
  readonly endOthers: (silent?: number) => Promise<SandboxEnd | undefined>;
}

/**
 * Starts a group of sandboxes and waits for the end of the first.
 * @throws what starting a sandbox throws
 */
export async function runGroup(backend: SandboxStarter, group: GroupRun): Promise<EndedGroup> {
  const { members, links, signal, onStream, onStart } = group;
  const said = new LastWords();
  let running: readonly RunningSandbox[] = [];
  running = await backend.start({
    members,
    links,
    ...(signal === undefined ? {} : { signal }),
    onOutput: (member, channel, data) => {
      if (channel === "stderr") said.push(member, data);
      if (channel !== "stream" || member !== 0 || onStream(data)) return;
      for (const each of running) each.kill();
    },
  });
  onStart?.(running);
  const startMs = await whenBorn(running[0]!, signal);
  const first = await running[0]!.ended;
  return {
    running,
    first,
    said,
    startMs,
    endOthers: async (silent) => {
      const others = running.slice(1);
      const ends = await Promise.all(others.map(async (each, at) => await endOne(each, at + 1 === silent)));
      return silent === undefined ? undefined : ends[silent - 1];
    },
  };
}

/**
 * Refuses to go on where the caller has given up.
 * @throws `aborted`
 */
export function refuseAborted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted === true) throw new SameseedError("aborted", `the ${what} was aborted`);
}

/** Milliseconds as timings have them. */
export function roundMs(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/**
 * Ends a member. Where the first lost touch with it, how it ended by itself is part of the verdict, and it gets a moment for
 * that.
 */
async function endOne(member: RunningSandbox, lostTouch: boolean): Promise<SandboxEnd | undefined> {
  if (lostTouch) {
    const own = await Promise.race([member.ended, sleep(silentGraceMs, undefined, { ref: false })]);
    if (own !== undefined) return own;
  }
  member.kill();
  await member.ended;
  return undefined;
}
