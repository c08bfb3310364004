import { LastBytes } from "../base/kept-bytes.ts";
import { SameseedError } from "../base/error.ts";
import { pythonLiteral } from "../harness/python-literal.ts";
import { harnessHeader } from "../harness/render-rollout.ts";
import { type Limits, withoutNetwork } from "../model/limits.ts";
import { scriptMember } from "../rollout/plan-rollout.ts";
import type { RolloutHost } from "../rollout/rollout-host.ts";
import type { JobFile, Link, RunningSandbox, SandboxEnd, SandboxPlan } from "../sandbox/contract.ts";
import { whenBorn } from "../sandbox/when-born.ts";
import { AnswerReader } from "./answer-reader.ts";

/** Where the sandboxes of one task run. */
export interface JudgePlace {
  readonly host: RolloutHost;
  readonly signal: AbortSignal | undefined;
}

/** A call of one function of `sameseed.judge` in a sandbox of its own. */
export interface JudgeScript {
  /** Whose entropy it has: nothing that the two draw has anything in common. */
  readonly role: "solution" | "judge";
  /** `module.function` below `sameseed.judge`. */
  readonly call: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly files: readonly JobFile[];
  readonly limits: Limits;
  readonly seed: number;
}

/** What a sandbox of the judge's did. */
export interface Watched {
  readonly end: SandboxEnd;
  readonly reader: AnswerReader;
  /** The end of what it wrote to standard output, and to standard error. */
  readonly stdoutTail: string;
  readonly stderrTail: string;
  /** From the call to the standing wall. */
  readonly startMs: number;
}

/** How the sandboxes of one group are watched, by their order. */
export interface WatchedMember {
  readonly script: JudgeScript;
  /** How many kinds of messages it may send; 0 for none. */
  readonly kinds: number;
  /** Takes its standard output; false ends it. */
  readonly onStdout?: (data: Buffer) => void;
}

const tailBytes = 4096;
/** How long a solution that fell silent may take to be dead before it is ended. */
const silentGraceMs = 3000;

/** The sandbox that runs a script. */
export function planScript({ host }: JudgePlace, script: JudgeScript): SandboxPlan {
  const { role, call, args, files, limits, seed } = script;
  const [module = "", name = ""] = call.split(".");
  const given = Object.entries(args).map(([key, value]) => `${key}=${pythonLiteral(value)}`);
  const source = [
    harnessHeader,
    `from sameseed.judge.${module} import ${name}`,
    `${name}(${[...given, `seed=${pythonLiteral(seed)}`].join(", ")})`,
    "",
  ].join("\n");
  const place = {
    role: `seat ${role}` as const,
    seed,
    receipt: host.receipt,
    limits: withoutNetwork(limits),
  };
  return scriptMember("harness.py", source, files, place);
}

/**
 * Runs sandboxes that are started together until the first has ended. The others are then ended; where the first says that
 * they fell silent, how they ended by themselves is part of what is found.
 * @throws `aborted`, and what starting a sandbox throws
 */
export async function runWatched(
  place: JudgePlace,
  members: readonly WatchedMember[],
  links: readonly Link[] = [],
  isSilent: (first: AnswerReader) => boolean = () => false,
): Promise<readonly Watched[]> {
  const watches = members.map(({ kinds }) => ({
    reader: new AnswerReader(kinds),
    stdout: new LastBytes(tailBytes),
    stderr: new LastBytes(tailBytes),
  }));
  let running: readonly RunningSandbox[] = [];
  running = await place.host.backend.start({
    members: members.map(({ script }) => planScript(place, script)),
    links,
    ...(place.signal === undefined ? {} : { signal: place.signal }),
    onOutput: (member, channel, data) => {
      const watch = watches[member]!;
      if (channel === "stream") {
        if (!watch.reader.push(data)) running[member]?.kill();
        return;
      }
      watch[channel].push(data);
      if (channel === "stdout") members[member]!.onStdout?.(data);
    },
  });
  const startMs = await whenBorn(running[0]!, place.signal);
  const first = await running[0]!.ended;
  const silent = isSilent(watches[0]!.reader);
  const others = await Promise.all(running.slice(1).map(async (each) => await endOne(each, silent)));
  refuseAborted(place.signal);
  return [first, ...others].map((end, at) => ({
    end,
    reader: watches[at]!.reader,
    stdoutTail: watches[at]!.stdout.text,
    stderrTail: watches[at]!.stderr.text,
    startMs,
  }));
}

/** @throws `aborted` */
export function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new SameseedError("aborted", "the scoring was aborted");
}

async function endOne(member: RunningSandbox, silent: boolean): Promise<SandboxEnd> {
  if (silent) {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => resolve(undefined), silentGraceMs).unref();
    const own = await Promise.race([member.ended, promise]);
    clearTimeout(timer);
    if (own !== undefined) return own;
  }
  member.kill();
  return await member.ended;
}
