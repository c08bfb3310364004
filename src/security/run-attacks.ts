/*
 * Runs the corpus against a backend, one row after the other, and holds each row to the same invariants:
 *
 *   I1  the canaries of the host are as they were, and no secret of it came out of the sandbox
 *   I2  two honest rollouts beside the attack recorded what they record alone
 *   I3  nothing of the sandbox is alive 100 ms after its verdict
 *   I4  the processes that sandboxes come from have the tables they had before the first row
 *   I5  what was seen, the verdict included, is what the row's header says
 *   I6  after all rows, 100 rollouts are as fast as on a backend that nobody attacked, within a tenth
 *
 * I6 is asked once, not once a row: two hundred timed rollouts a row would take longer than the attacks, and no row's
 * answer would rise above what else a machine does. Before it, the whole image is hashed and compared with its digest.
 */
import { randomBytes } from "node:crypto";

import { isSameseedError, SameseedError } from "../base/error.ts";
import { defaultLimits } from "../model/limits.ts";
import type { WorldMode } from "../model/receipt.ts";
import { checkImage } from "../image/check-image.ts";
import type { ResolvedImage } from "../image/image-store.ts";
import type { BackendReceipt, SandboxBackend } from "../sandbox/contract.ts";
import { attackLimits, expectedLines, loadCorpus, type AttackProgram } from "./attack-program.ts";
import { Bystanders } from "./bystanders.ts";
import { Canaries } from "./canaries.ts";
import { differences, mismatches } from "./expectation.ts";
import { performAttack, type AttackGround, type AttackTraces } from "./perform-attack.ts";
import { ProcessWatch } from "./process-watch.ts";
import { compareThroughput, type Throughput } from "./throughput.ts";

/** How one program of the corpus fared. */
export interface AttackRow {
  readonly id: string;
  /** The world it ran in. */
  readonly world: WorldMode;
  /** The program's file, from the package's root. */
  readonly program: string;
  /** What its header says must be seen. */
  readonly expected: string;
  readonly seen: string;
  readonly verdict: "pass" | "fail";
  /** Why it failed, a sentence each: what was seen and not expected, and which invariants were broken. */
  readonly breaches: readonly string[];
  /** Whether this is what came of its second try (`AttackOptions.secondTry`); absent where the first was enough. */
  readonly isSecondTry?: true;
}

/** How a backend fared. */
export interface Scorecard {
  readonly backend: string;
  /** The world of its sandboxes. */
  readonly world: WorldMode;
  readonly enforcedBy: BackendReceipt["enforcedBy"];
  readonly rows: readonly AttackRow[];
  /** What holds for all rows together: I6 where it was asked for, and the image. */
  readonly throughput: Throughput | undefined;
  readonly image: "unchanged" | "changed" | undefined;
  readonly verdict: "pass" | "fail";
}

/** What is attacked, and with what. */
export interface AttackOptions {
  readonly backend: SandboxBackend;
  /** The image its sandboxes are made of, whose files must not change. @default they are not looked at */
  readonly image?: ResolvedImage;
  /** Ids of the rows to run. @default all of them */
  readonly only?: readonly string[];
  /** Makes a backend of the same kind to compare the speed with; it is closed afterwards. @default speed is not compared */
  readonly makeFresh?: () => SandboxBackend;
  /**
   * What the programs' wall times are multiplied by, where a host does everything slower than hardware does. No other limit
   * changes, and none of the expectations. @default 1
   */
  readonly patience?: number;
  /**
   * What a program's CPU and wall time are multiplied by when it is run once more because it met one of them and its header expects
   * another end: on a processor of software it may not come to what it is about in its time. @default 1: there is no second try
   */
  readonly secondTry?: number;
  /** Rollouts that are timed on each. @default 100 */
  readonly timedRollouts?: number;
  /** Told each row as it is over. */
  readonly onRow?: (row: AttackRow, done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Attacks a backend with the corpus. What the programs manage is in the scorecard, never thrown.
 * @throws `bad_argument` for an id that no row has, `aborted`, and what the backend throws where it cannot start
 * anything at all
 */
export async function runAttacks(options: AttackOptions): Promise<Scorecard> {
  const { backend, image, makeFresh, patience, secondTry = 1, timedRollouts = 100, onRow, signal } = options;
  const programs = choosePrograms(options.only);
  const receipt = await backend.receipt();
  const bystanders = new Bystanders(backend, receipt);
  using canaries = new Canaries(receipt.wall.user.host, image?.rootfs);
  await bystanders.runAlone();
  // As beside a row: no row is to be the first at anything.
  await Promise.all([bystanders.runBeside(Promise.resolve()), bystanders.runBeside(Promise.resolve())]);
  await warmPairs(backend);
  // Nor one of those with a network, which come of a zygote of their own.
  const { file: hostFile, pid: hostPid, port: hostPort } = canaries;
  const ground = { backend, receipt, hostFile, hostPid, hostPort, patience };
  const networked = programs.find(({ limits }) => limits.network !== undefined);
  if (networked !== undefined) await attempt(networked, { ...ground, mark: newMark() });
  const watch = await ProcessWatch.begin([canaries.pid]);
  const range = new Range(ground, bystanders, canaries, watch);
  const rows: AttackRow[] = [];
  for (const program of programs) {
    if (signal?.aborted === true) throw new SameseedError("aborted", "the attack was aborted");
    const first = await range.attack(program);
    const row =
      secondTry > 1 && ranOutOfTime(first)
        ? { ...(await range.attack(withTime(program, secondTry, patience))), isSecondTry: true as const }
        : first;
    rows.push(row);
    onRow?.(row, rows.length, programs.length);
  }
  const throughput = makeFresh === undefined ? undefined : await timed(backend, makeFresh(), timedRollouts);
  const imageState = image === undefined ? undefined : stateOf(image);
  const ok =
    rows.every(({ verdict }) => verdict === "pass") &&
    throughput?.verdict !== "fail" &&
    imageState !== "changed";
  const verdict = ok ? "pass" : "fail";
  return {
    backend: backend.name,
    world: receipt.world.mode,
    enforcedBy: receipt.enforcedBy,
    rows,
    throughput,
    image: imageState,
    verdict,
  };
}

/** How a script, a rollout and an open sandbox say so. */
const timeWasOver =
  /^unexpected (?:end: (?:cpu|wall)(?:$|_limit )|error: sandbox_ended .* reached its (?:CPU|wall) time$)/;

/** Whether a program met its time where its header expects another end. */
function ranOutOfTime({ breaches }: AttackRow): boolean {
  return breaches.some((breach) => timeWasOver.test(breach));
}

/** A program with so many times its CPU time, and its wall time where patience has not made that longer already. */
function withTime(program: AttackProgram, times: number, patience = 1): AttackProgram {
  const { cpuMs, wallMs } = { ...attackLimits, ...program.limits };
  const longer = { cpuMs: cpuMs * times, wallMs: wallMs * Math.max(1, times / patience) };
  return { ...program, limits: { ...program.limits, ...longer } };
}

/** Pairs of sandboxes that stand at one time: more than any row and its bystanders have together. */
const warmedPairs = 5;

/** Has so many sandboxes stand at one time that no row has to make a slot, however the machine lets them overlap. */
async function warmPairs(backend: SandboxBackend): Promise<void> {
  const job = { entry: "script", name: "wait.py", source: "input()", files: [], env: {} } as const;
  const member = { job, limits: defaultLimits };
  const plan = { members: [member, member], links: [], onOutput: () => {} };
  const pairs = await Promise.all(Array.from({ length: warmedPairs }, () => backend.start(plan)));
  const standing = pairs.flat();
  for (const each of standing) each.kill();
  await Promise.all(standing.map(({ ended }) => ended));
}

function choosePrograms(only: readonly string[] | undefined): AttackProgram[] {
  const machine = process.arch === "x64" ? "x86_64" : "aarch64";
  const all = loadCorpus().filter((program) => (program.machine ?? machine) === machine);
  if (only === undefined) return all;
  const unknown = only.find((id) => !all.some((program) => isMeant(id, program)));
  if (unknown !== undefined) {
    throw new SameseedError("bad_argument", `there is no attack ${JSON.stringify(unknown)}`, {
      hint: "use a file name in tests/security/corpus without .py, such as 14-fd-bomb, or its number",
      context: { ids: all.map(({ id }) => id) },
    });
  }
  return all.filter((program) => only.some((id) => isMeant(id, program)));
}

/** A number alone means every program of that number; `57b` the one that begins with it. */
function isMeant(id: string, program: AttackProgram): boolean {
  const [number = ""] = program.id.split("-");
  if (id === program.id || id === number) return true;
  return /^\d+$/.test(id) && Number(id) === Number.parseInt(number, 10);
}

async function timed(attacked: SandboxBackend, fresh: SandboxBackend, rollouts: number): Promise<Throughput> {
  try {
    return await compareThroughput(attacked, fresh, rollouts);
  } finally {
    await fresh.close();
  }
}

function stateOf(image: ResolvedImage): "unchanged" | "changed" {
  try {
    checkImage(image);
    return "unchanged";
  } catch (error) {
    if (isSameseedError(error) && error.code === "image_damaged") return "changed";
    throw error;
  }
}

/** Where attacks are run: a backend, and what is watched around it. */
class Range {
  readonly #ground: Ground;
  readonly #bystanders: Bystanders;
  readonly #canaries: Canaries;
  readonly #watch: ProcessWatch;

  constructor(ground: Ground, bystanders: Bystanders, canaries: Canaries, watch: ProcessWatch) {
    this.#ground = ground;
    this.#bystanders = bystanders;
    this.#canaries = canaries;
    this.#watch = watch;
  }

  async attack(program: AttackProgram): Promise<AttackRow> {
    const { enforcedBy, world, wall } = this.#ground.receipt;
    const expected = expectedLines(program, enforcedBy, world.mode, wall.user.ids);
    const runs: (readonly string[])[] = [];
    const breaches = new Set<string>();
    for (let time = 0; time < program.times; time++) {
      const once = await this.#attackOnce(program, expected);
      runs.push(once.seen);
      for (const breach of once.breaches) breaches.add(breach);
    }
    for (const difference of differences(expected, runs)) breaches.add(difference);
    return {
      id: program.id,
      world: world.mode,
      program: program.program,
      expected: expected.join("; "),
      seen: [...new Set(runs.flat())].join("; "),
      verdict: breaches.size === 0 ? "pass" : "fail",
      breaches: [...breaches],
    };
  }

  async #attackOnce(
    program: AttackProgram,
    expected: readonly string[],
  ): Promise<{ readonly seen: readonly string[]; readonly breaches: readonly string[] }> {
    const mark = newMark();
    const attack = (async (): Promise<AttackTraces & { readonly survivors: readonly string[] }> => {
      const traces = await attempt(program, { ...this.#ground, mark });
      return { ...traces, survivors: await this.#watch.findMarked(mark) };
    })();
    const disturbed = await this.#besideOf(attack);
    const { seen, output, survivors } = await attack;
    return {
      seen,
      breaches: [
        ...mismatches(expected, seen),
        ...disturbed,
        ...survivors,
        ...(await this.#watch.findSandboxed()),
        ...this.#canaries.check(),
        ...this.#canaries.leaksIn(output),
        ...(await this.#watch.findChanges()),
      ],
    };
  }

  async #besideOf(attack: Promise<unknown>): Promise<string[]> {
    try {
      return await this.#bystanders.runBeside(attack);
    } catch (error) {
      if (!isSameseedError(error)) throw error;
      return [`a bystander could not be run: ${error.message}`];
    }
  }
}

/** What all attacks have in common. */
type Ground = Omit<AttackGround, "mark">;

function newMark(): string {
  return `atk-${randomBytes(4).toString("hex")}`;
}

/** A sandbox that the host could not start or lost is what came of the attack, and no reason to stop. */
async function attempt(program: AttackProgram, ground: AttackGround): Promise<AttackTraces> {
  try {
    return await performAttack(program, ground);
  } catch (error) {
    if (!isSameseedError(error)) throw error;
    return { seen: [`error: ${error.code} ${error.message}`], output: Buffer.alloc(0) };
  }
}
