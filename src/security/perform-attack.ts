import { readFileSync } from "node:fs";
import { basename, join } from "node:path";

import type { Limits } from "../model/limits.ts";
import type { RolloutSummary } from "../model/rollout.ts";
import { executeRollout } from "../rollout/execute-rollout.ts";
import { planRollout, type RolloutPlan } from "../rollout/plan-rollout.ts";
import { resolveOptions } from "../rollout/rollout-config.ts";
import type {
  BackendReceipt,
  JobFile,
  SandboxBackend,
  SandboxEnd,
  SandboxPlan,
} from "../sandbox/contract.ts";
import { Sandbox } from "../sandbox/sandbox.ts";
import { sealedSettings } from "../sandbox/world-settings.ts";
import { attackLimits, corpusFolder, type AttackKind, type AttackProgram } from "./attack-program.ts";
import { collectArtefacts } from "./collect-artefacts.ts";
import { answersIn } from "./expectation.ts";

/** Where and with what an attack is run. */
export interface AttackGround {
  readonly backend: SandboxBackend;
  readonly receipt: BackendReceipt;
  /** What its processes call themselves. */
  readonly mark: string;
  /** Told to the program, to make it stronger: a file and a process of the host. */
  readonly hostFile: string;
  readonly hostPid: number;
  /** Where a server of the host listens on the host's loopback device. */
  readonly hostPort?: number | undefined;
  /** What every wall time is multiplied by. @default 1 */
  readonly patience?: number | undefined;
}

/** What came of an attack. */
export interface AttackTraces {
  /** `name: answer` lines, the program's own and the host's verdict. */
  readonly seen: readonly string[];
  /** Every byte that came out of the sandbox; of a flood, its beginning. */
  readonly output: Buffer;
}

const insideFolder = "/tmp/corpus";
/** One line, so that the lines of a program keep their numbers but for one. */
const prelude = `import sys; sys.path.insert(0, "${insideFolder}")\n`;
const keptBytes = 1024 * 1024;
const environmentClass = "Attack";
const refereeEnvironment = "CartPole-v1";
/** What the recorded returns of the policies' game are made of: one for each step. */
const rewardOfStep = 1;

/** Runs a program of the corpus as its header says, and tells what was seen. Its own misdeeds are never thrown. */
export async function performAttack(program: AttackProgram, ground: AttackGround): Promise<AttackTraces> {
  return await performers[program.runsAs](program, ground);
}

const performers: Readonly<Record<AttackKind, typeof attackAsScript>> = {
  script: attackAsScript,
  command: attackAsCommand,
  collected: attackAsCommand,
  environment: attackAsRollout,
  policy: attackAsRollout,
};

async function attackAsScript(program: AttackProgram, ground: AttackGround): Promise<AttackTraces> {
  const output = new KeptOutput();
  const isSealed = ground.receipt.world.mode === "sealed";
  const plan: SandboxPlan = {
    job: {
      ...(isSealed ? { world: sealedSettings("sandbox", program.seed) } : {}),
      entry: "script",
      name: basename(program.program),
      source: prelude + program.source,
      files: kitFiles(),
      env: variables(ground),
    },
    limits: limitsOf(program, ground),
  };
  const [running] = await ground.backend.start({
    members: [plan],
    links: [],
    onOutput: (_, channel, data) => output.take(channel === "stdout", data),
  });
  const end = await running!.ended;
  return { seen: [...answersIn(output.text), `end: ${endOf(end)}`], output: output.bytes };
}

async function attackAsCommand(program: AttackProgram, ground: AttackGround): Promise<AttackTraces> {
  const { wallMs, cpuMs, memoryMb, processes, diskMb, outputBytes } = limitsOf(program, ground);
  const { mode: world } = ground.receipt.world;
  await using sandbox = await Sandbox.createOn(ground.backend, {
    world,
    ...(world === "sealed" ? { seed: program.seed } : {}),
    timeoutMs: wallMs,
    cpuMs,
    memoryMb,
    processes,
    diskMb,
    outputBytes,
    env: variables(ground),
  });
  for (const { path, data } of kitFiles()) await sandbox.files.write(path, data);
  await sandbox.files.write(`${insideFolder}/program.py`, program.source);
  const output = new KeptOutput();
  const isReady = Promise.withResolvers<void>();
  const running = sandbox.startProcess("python3", {
    args: ["-B", `${insideFolder}/program.py`],
    ...(program.runsAs === "collected" ? {} : { input: Buffer.alloc(program.inputBytes) }),
    onStdout: (data) => {
      output.take(true, data);
      if (output.text.includes("ready: yes\n")) isReady.resolve();
    },
    onStderr: (data) => output.take(false, data),
  });
  const collected: string[] = [];
  if (program.runsAs === "collected") {
    await Promise.race([isReady.promise, running.wait()]);
    collected.push(...(await collectArtefacts(sandbox, (bytes) => output.take(false, bytes))));
    running.kill();
  }
  const { exitCode, signal, outputTruncated, timedOut } = await running.wait();
  const own = exitCode === null ? `signal ${signal}` : `exit ${exitCode}`;
  const isKilled = program.runsAs === "collected" && signal === "SIGKILL";
  const end = outputTruncated ? "output" : timedOut ? "wall" : isKilled ? "killed" : own;
  const said = answersIn(output.text).filter((line) => line !== "ready: yes");
  return { seen: [...said, ...collected, `end: ${end}`], output: output.bytes };
}

async function attackAsRollout(program: AttackProgram, ground: AttackGround): Promise<AttackTraces> {
  const output = new KeptOutput();
  const offender = program.runsAs === "policy" ? 1 : 0;
  const plan = planOf(program, prelude + program.source, ground);
  const armed = plan.members.map((member, at) => (at === offender ? arm(member, ground) : member));
  const summary = await play(
    observe(ground.backend, offender, output),
    ground,
    { ...plan, members: armed },
    limitsOf(program, ground),
  );
  const { outcome, error } = summary;
  const fault = error === undefined ? "" : ` by ${error.by} ${error.type}`;
  const seen = [
    ...answersIn(output.text),
    ...(await judgeRecord(program, ground, summary)),
    `end: ${outcome}${fault}`,
  ];
  return { seen, output: output.bytes };
}

/** Whether the record is what an honest policy would have left; and for any policy, whether the return is made of steps. */
async function judgeRecord(
  program: AttackProgram,
  ground: AttackGround,
  summary: RolloutSummary,
): Promise<string[]> {
  if (program.runsAs !== "policy") return [];
  if (summary.totalReward !== summary.steps * rewardOfStep)
    return [`return: forged ${JSON.stringify(summary.totalReward)}`];
  if (summary.error !== undefined) return [];
  const honest = planOf(program, "def act(observation, rng):\n    return 0\n", ground);
  const limits = limitsOf({ limits: {} }, ground);
  const { contentDigest } = await play(ground.backend, ground, honest, limits);
  const isSame = contentDigest === summary.contentDigest;
  return [`record: ${isSame ? "as the honest policy's" : "another than the honest policy's"}`];
}

async function play(
  backend: SandboxBackend,
  ground: AttackGround,
  plan: RolloutPlan,
  limits: Limits,
): Promise<RolloutSummary> {
  return (await executeRollout(backend, ground.receipt, plan, limits)).summary;
}

function planOf(program: AttackProgram, source: string, ground: AttackGround): RolloutPlan {
  const limits = limitsOf(program, ground);
  const { receipt } = ground;
  const { seed, runsAs } = program;
  if (runsAs === "policy") {
    const policy = { source, name: "attack.py" };
    const { template } = resolveOptions({ envName: refereeEnvironment, policy });
    return planRollout({ ...template, seed }, limits, receipt);
  }
  const { template } = resolveOptions({ envName: refereeEnvironment });
  const environment = { kind: "file", name: "attack.py", className: environmentClass, source } as const;
  return planRollout({ ...template, environment, seed }, limits, receipt);
}

/** Gives a member of a rollout what the corpus's programs are written with. */
function arm({ job, limits }: SandboxPlan, ground: AttackGround): SandboxPlan {
  return {
    job: { ...job, files: [...job.files, ...kitFiles()], env: { ...job.env, ...variables(ground) } },
    limits,
  };
}

/** A backend that also shows what one member of each group writes. */
function observe(backend: SandboxBackend, member: number, output: KeptOutput): SandboxBackend {
  return {
    name: backend.name,
    receipt: async () => await backend.receipt(),
    start: async (plan) =>
      await backend.start({
        ...plan,
        onOutput: (which, channel, data) => {
          if (which === member) output.take(channel === "stdout", data);
          plan.onOutput(which, channel, data);
        },
      }),
    close: async () => await backend.close(),
  };
}

function limitsOf({ limits }: Pick<AttackProgram, "limits">, { patience = 1 }: AttackGround): Limits {
  const all = { ...attackLimits, ...limits };
  return { ...all, wallMs: all.wallMs * patience };
}

function variables({ mark, hostFile, hostPid, hostPort }: AttackGround): Record<string, string> {
  return {
    ATTACK_MARK: mark,
    ATTACK_HOST_FILE: hostFile,
    ATTACK_HOST_PID: String(hostPid),
    ...(hostPort === undefined ? {} : { ATTACK_HOST_PORT: String(hostPort) }),
  };
}

/** What every program may import. */
function kitFiles(): JobFile[] {
  return ["kit.py", "raw.py"].map((name) => ({
    path: `${insideFolder}/${name}`,
    data: readFileSync(join(corpusFolder(), name)),
  }));
}

function endOf({ cause, exitCode, signal }: SandboxEnd): string {
  if (cause !== "own") return cause;
  return signal === null ? `exit ${exitCode}` : `signal ${signal}`;
}

/** What a sandbox wrote: the beginning of its standard output as text, the beginning of everything as bytes. */
class KeptOutput {
  readonly #stdout: Buffer[] = [];
  readonly #all: Buffer[] = [];
  #kept = 0;

  take(isStdout: boolean, data: Buffer): void {
    if (this.#kept >= keptBytes) return;
    const copy = Buffer.from(data.subarray(0, keptBytes - this.#kept));
    this.#kept += copy.length;
    this.#all.push(copy);
    if (isStdout) this.#stdout.push(copy);
  }

  get text(): string {
    return Buffer.concat(this.#stdout).toString();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#all);
  }
}
