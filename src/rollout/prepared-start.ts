/*
 * Theory of operation. A prepared rollout is copied from a process that has made its environment. It is offered only where
 * that shows in no byte. Four things have to be so: making the environment has asked the sealed world for nothing that hangs
 * on the seed, has drawn from no generator of the whole process, and left a state that can be copied
 * (python/sameseed/play/prepared.py); and two steps that are played both ways are the same. Where one of them is not, everything starts as usual and the receipts say why, in one sentence.
 */
import { isSameseedError } from "../base/error.ts";
import { renderPrepared } from "../harness/render-rollout.ts";
import type { Job } from "../sandbox/contract.ts";
import { executeRollout } from "./execute-rollout.ts";
import { environmentFileOf, environmentFolder, filesIn } from "./job-files.ts";
import { canShareSandbox, planRollout } from "./plan-rollout.ts";
import { copiesAtATime, NotPrepared, PreparedBackend } from "./prepared-backend.ts";
import type { ResolvedOptions } from "./rollout-config.ts";
import type { RolloutHost } from "./rollout-host.ts";

/** Where the rollouts of one call start for which a prepared start was asked. */
export interface PreparedStart {
  /** Its receipt says whether they are prepared. */
  readonly host: RolloutHost;
  close(): Promise<void>;
}

const streamFd = 3;
/** A world's key while no seed is known. Nothing has been drawn from it where rollouts are copied. */
const noKey = "0".repeat(64);
const stepsCompared = 2;
/** A seed of each kind: to take one above 2^32, a generator's lock reads the sealed world's clock more often. */
const seedsCompared = [0, 2 ** 40];

/**
 * Makes the environment that rollouts are copied from, or finds out why they start as usual.
 * @param together how many have to be open at the same time: where they cannot be, none is copied
 * @throws `aborted`, and what starting a sandbox throws
 */
export async function prepareStart(
  host: RolloutHost,
  options: ResolvedOptions,
  signal: AbortSignal | undefined,
  together = 1,
): Promise<PreparedStart> {
  const never =
    together > copiesAtATime
      ? `${together} are open at a time, and ${copiesAtATime} copies are the most`
      : refusalOf(host, options);
  if (never !== undefined) return asUsual(host, never);
  const backend = new PreparedBackend(host.backend, { job: preparedJob(options), limits: options.limits });
  try {
    await backend.prepare(signal);
    if (!(await isSame(host, backend, options, signal)))
      throw new NotPrepared("the first steps after it have other bytes");
    const receipt = { ...host.receipt, start: { prepared: true } as const };
    return { host: { ...host, backend, receipt }, close: async () => await backend.close() };
  } catch (error) {
    await backend.close();
    if (error instanceof NotPrepared) return asUsual(host, error.message);
    // What made the environment can have been spoiled by it. Where it is the host that fails, the next start says so.
    if (isSameseedError(error) && error.code !== "aborted") return asUsual(host, error.message);
    throw error;
  }
}

/** Why rollouts of these options are not worth trying. */
function refusalOf(
  { backend, receipt }: RolloutHost,
  { template, branch, limits }: ResolvedOptions,
): string | undefined {
  const { environment, seats } = template;
  const own = seats.find(({ policy }) => policy.kind === "source");
  if (branch !== undefined) return "a branch goes on from its parent's steps";
  if (own !== undefined)
    return `the policy of seat ${own.seat} has a sandbox of its own, and copies have no links`;
  if (limits.network !== undefined) return "a network of its own is not copied";
  if (environment.kind === "builtin" || canShareSandbox(template))
    return "a built-in environment is made at once";
  if (receipt.world.mode !== "sealed") return "the host's world does not tell what making it asks for";
  if (backend.openTree === undefined) return `the ${backend.name} backend copies no sandboxes`;
  return undefined;
}

function asUsual(host: RolloutHost, why: string): PreparedStart {
  const receipt = { ...host.receipt, start: { prepared: false, reason: why } as const };
  return { host: { ...host, receipt }, close: async () => await Promise.resolve() };
}

function preparedJob({ template }: ResolvedOptions): Job {
  const file = environmentFileOf(template);
  const beside = filesIn(environmentFolder, template.files);
  const source = renderPrepared(
    {
      spec: template,
      ...(file === undefined ? {} : { environmentPath: file.path }),
      ...(beside.length === 0 ? {} : { filesFolder: environmentFolder }),
    },
    streamFd,
  );
  const files = file === undefined ? beside : [...beside, file];
  return { entry: "script", name: "harness.py", source, files, env: {}, world: { key: noKey } };
}

/** Whether a rollout with drawn actions has the same bytes when it starts as usual. */
async function isSame(
  host: RolloutHost,
  backend: PreparedBackend,
  { template, limits }: ResolvedOptions,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { receipt } = host;
  const policy = { kind: "builtin", name: "random" } as const;
  const seats = template.seats.map(({ seat }) => ({ seat, policy }));
  const maxSteps = Math.min(template.maxSteps ?? stepsCompared, stepsCompared);
  for (const seed of seedsCompared) {
    const plan = planRollout({ ...template, seed, seats, maxSteps }, limits, receipt);
    const usual = await executeRollout(host.backend, receipt, plan, limits, signal);
    const prepared = await executeRollout(backend, receipt, plan, limits, signal);
    if (usual.summary.digest !== prepared.summary.digest) return false;
  }
  return true;
}
