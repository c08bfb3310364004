import { defaultLimits, type Limits } from "../model/limits.ts";
import type {
  BackendReceipt,
  GroupPlan,
  RunningSandbox,
  SandboxBackend,
  SandboxTree,
} from "../sandbox/contract.ts";
import { encodeJob } from "../sandbox/job.ts";
import type { ZygoteBackend } from "../sandbox/zygote/backend.ts";

/** No branch has more than its trunk: this is more than any attack asks for. */
const trunkLimits: Limits = {
  ...defaultLimits,
  wallMs: 86_400_000,
  cpuMs: 86_400_000,
  memoryMb: 4096,
  diskMb: 1024,
};

/** A trunk that waits for a job, and does with it what a fresh sandbox does. */
const source = `
from sameseed import _zygote, child
message = _zygote.await_message(3, 64 << 20)
if message is not None:
    child.main(message[1])
`;

/**
 * Runs each single sandbox as a branch of a trunk. What attacks the wall of a fresh sandbox attacks the wall of a branch
 * then. Groups are started by the backend itself, because branches have no links.
 */
export class BranchBackend implements SandboxBackend {
  readonly name: SandboxBackend["name"];
  readonly #backend: ZygoteBackend;
  #warm: Promise<void> | undefined;
  #tree: Promise<SandboxTree> | undefined;

  /** @param backend copies the sandboxes; closing this closes it */
  constructor(backend: ZygoteBackend) {
    this.#backend = backend;
    this.name = backend.name;
  }

  async receipt(): Promise<BackendReceipt> {
    // What stands for as long as the backend is there before anybody looks at what does.
    await (this.#warm ??= this.#warmUp());
    return await this.#backend.receipt();
  }

  async start(plan: GroupPlan): Promise<readonly RunningSandbox[]> {
    const [member, ...others] = plan.members;
    if (member === undefined || others.length > 0) return await this.#backend.start(plan);
    const { job, limits, asks } = member;
    // What has a network of its own is never a branch.
    if (limits.network !== undefined) return await this.#backend.start(plan);
    const { trunk } = await this.#open();
    const running = await trunk.branch({
      limits,
      onOutput: (channel, data) => plan.onOutput(0, channel, data),
      ...(asks === undefined ? {} : { asks }),
      ...(plan.signal === undefined ? {} : { signal: plan.signal }),
    });
    const body = encodeJob(job);
    const head = Buffer.alloc(5);
    head.writeUInt32LE(body.length);
    head.writeUInt8(jobType, 4);
    running.send(Buffer.concat([head, body]));
    return [running];
  }

  async close(): Promise<void> {
    await this.#backend.close();
  }

  /** Opens the tree, and has copies made for what runs at a time. */
  async #warmUp(): Promise<void> {
    const { trunk } = await this.#open();
    await this.#backend.warmTree();
    const plan = { limits: defaultLimits, onOutput: () => {} };
    const branches = await Promise.all(Array.from({ length: copiesAtATime }, () => trunk.branch(plan)));
    for (const branch of branches) branch.endInput();
    await Promise.all(branches.map(({ ended }) => ended));
  }

  async #open(): Promise<SandboxTree> {
    this.#tree ??= this.#backend.openTree({
      job: { entry: "script", name: "trunk.py", source, files: [], env: {} },
      limits: trunkLimits,
      onOutput: () => {},
    });
    return await this.#tree;
  }
}

const jobType = 0x4a;
/** More than an attack and its bystanders take. */
const copiesAtATime = 8;
