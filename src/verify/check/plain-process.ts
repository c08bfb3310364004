import { readFileSync } from "node:fs";
import * as z from "zod";

import { LastBytes } from "../../base/kept-bytes.ts";
import { checkProgram } from "../../image/runtime-files.ts";
import type { ResolvedImage } from "../../image/image-store.ts";
import { environmentFileOf, environmentFolder, filesIn } from "../../rollout/job-files.ts";
import type { ResolvedOptions } from "../../rollout/rollout-config.ts";
import type { EndCause } from "../../sandbox/contract.ts";
import { sharedBackend } from "../../sandbox/sandbox-host.ts";

/** What a plain process is asked to do; `python/check/plain.py` says what each is. */
export type PlainWork = "play" | "seeding" | "speed" | "checker";

/** A generator that a process has one of, whoever draws from it. */
export type GlobalGenerator = "random" | "numpy.random";

/** What is asked of a plain process. */
export interface PlainRequest {
  readonly work: PlainWork;
  readonly seeds: readonly number[];
  readonly maxSteps: number;
  /** Fields of a step that are not compared. @default [] */
  readonly leaveOut?: readonly string[];
  /** Whether numpy and BLAS use all that the processor has, in place of what rollouts are held to. @default false */
  readonly native?: boolean;
  /** The generators of the process that get the seed too, where it is asked what the seed of the reset decides. @default [] */
  readonly seeded?: readonly GlobalGenerator[];
  /** How long the longest recorded rollout ran, in milliseconds. A plain process is given time for many such episodes. */
  readonly longestMs: number;
  readonly signal?: AbortSignal;
}

/** What a plain process said. */
export interface PlainAnswer {
  readonly lines: readonly unknown[];
  /** Why there is less than was asked for; undefined if it did all. */
  readonly problem: string | undefined;
  /** Whether that is a limit that it met. */
  readonly isLimit: boolean;
}

const folder = "/tmp/check";
const script = "plain.py";

/** The least of its limits, more than a rollout's: it plays several episodes, and begins with an interpreter of its own. */
const leastMs = 300_000;
const memoryMb = 2048;

/** Four episodes of a seed are played at most, which may each take twice as long as the recorded one. */
const episodesMost = 8;

const limitWords: Readonly<Partial<Record<EndCause, string>>> = {
  cpu: "used up its CPU time",
  wall: "used up its wall time",
  memory: "used up its memory",
  output: "sent more bytes than it may",
};

/** The time that a plain process is given for episodes as long as the longest of some rollouts, in milliseconds. */
function plainTimeMs(given: number, seeds: number, longestMs: number): number {
  return Math.max(given, leastMs, Math.ceil(episodesMost * seeds * longestMs));
}

const nativeEnvironment = [
  "OPENBLAS_CORETYPE",
  "NPY_ENABLE_CPU_FEATURES",
  "NPY_DISABLE_CPU_FEATURES",
  "NUMBA_CPU_NAME",
  "NUMBA_CPU_FEATURES",
];

const failedSchema = z.object({ failed: z.string() });

/**
 * Runs `python/check/plain.py` in a sandbox of the host's world, by an interpreter that starts anew there.
 * @throws what starting a sandbox throws
 */
export async function askPlainProcess(
  image: ResolvedImage,
  { template, limits }: ResolvedOptions,
  { work, seeds, maxSteps, longestMs, leaveOut = [], native = false, seeded = [], signal }: PlainRequest,
): Promise<PlainAnswer> {
  const file = environmentFileOf(template);
  const beside = filesIn(environmentFolder, template.files);
  const { environment, envArgs } = template;
  const ref =
    environment.kind === "file"
      ? { kind: "file", path: file!.path, class: environment.className }
      : { kind: environment.kind, id: environment.id };
  const task = {
    work,
    environment: ref,
    envArgs,
    folder: beside.length === 0 ? null : environmentFolder,
    seeds,
    maxSteps,
    leaveOut,
    seeded,
  };
  const program = { path: `${folder}/${script}`, data: readFileSync(checkProgram(script)) };
  const stdout: Buffer[] = [];
  const stderr = new LastBytes(2000);
  const [sandbox] = await sharedBackend(image, "zygote", "host").start({
    members: [
      {
        job: {
          entry: "script",
          name: "launch.py",
          source: launcher(native),
          files: [program, ...beside, ...(file === undefined ? [] : [file])],
          env: { TASK: JSON.stringify(task) },
        },
        limits: {
          ...limits,
          wallMs: plainTimeMs(limits.wallMs, seeds.length, longestMs),
          cpuMs: plainTimeMs(limits.cpuMs, seeds.length, longestMs),
          memoryMb: Math.max(limits.memoryMb, memoryMb),
        },
      },
    ],
    links: [],
    onOutput: (_, channel, data) => {
      if (channel === "stdout") stdout.push(Buffer.from(data));
      else if (channel === "stderr") stderr.push(data);
    },
    ...(signal === undefined ? {} : { signal }),
  });
  const { exitCode, cause, signal: ended } = await sandbox!.ended;
  const lines = jsonLines(Buffer.concat(stdout).toString());
  const failed = lines.map((line) => failedSchema.safeParse(line)).find(({ success }) => success)?.data;
  const last = stderr.text.trim().split("\n").at(-1) ?? "";
  const met = limitWords[cause];
  const own =
    exitCode === 0 ? undefined : `${cause === "own" ? (ended ?? `status ${exitCode}`) : cause}: ${last}`;
  return { lines, problem: failed?.failed ?? met ?? own, isLimit: failed === undefined && met !== undefined };
}

/** A zygote's copy that becomes a new interpreter: nothing that the warm one has loaded is in it. */
function launcher(native: boolean): string {
  return [
    "import os, sys",
    ...(native ? [`for name in ${JSON.stringify(nativeEnvironment)}: os.environ.pop(name, None)`] : []),
    `os.execve(sys.executable, [sys.executable, "-P", "-s", "-B", "${folder}/${script}"], dict(os.environ))`,
    "",
  ].join("\n");
}

/** Each line that is a JSON object; environments print, too. */
function jsonLines(text: string): unknown[] {
  return text.split("\n").flatMap((line): unknown[] => {
    if (!line.startsWith("{")) return [];
    try {
      return [JSON.parse(line)];
    } catch {
      return [];
    }
  });
}
