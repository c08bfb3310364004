import { join } from "node:path";

import { SameseedError } from "../../../base/error.ts";
import { makeFolders } from "../../../base/make-folders.ts";
import { isRunFolder } from "../../../store/run-folder.ts";
import { recordRun } from "../../../store/record-run.ts";
import { RunReader } from "../../../store/run-reader.ts";
import type { ServerContext } from "../../context.ts";
import { type Lease, makeId } from "../../leases.ts";
import type { Patience } from "../../slots.ts";
import { sdkOptions, sdkPolicy, withEnvironment } from "../rollout-request.ts";
import { KeptRequests, namesIn } from "./kept-requests.ts";
import { recordedProgress } from "./recorded-progress.ts";
import { concurrencyOf, type RunRequest, sandboxesOf, seedsOf } from "./run-request.ts";
import { type RunHooks, type RunProgress, ServedRun } from "./served-run.ts";

/** The most runs that are over and kept in memory; their folders stay in any case. */
const overMost = 1000;

/** The runs of a server: each a folder below `--runs`. */
export class Runs {
  readonly #context: ServerContext;
  readonly #served: Map<string, ServedRun> = new Map();
  readonly #requests: KeptRequests;

  constructor(context: ServerContext) {
    this.#context = context;
    this.#requests = new KeptRequests(context.options.runs);
    this.#requests.dropOthers((id) => isRunId(id) && isRunFolder(this.folder(id)));
  }

  /** Identifiers of every run that there is, with those that this server began. */
  get ids(): readonly string[] {
    const found = new Set(this.#served.keys());
    for (const name of namesIn(this.#context.options.runs))
      if (isRunId(name) && isRunFolder(this.folder(name))) found.add(name);
    return [...found].sort();
  }

  /** The folder of a run. */
  folder(id: string): string {
    return join(this.#context.options.runs, id);
  }

  /** A run that this server began; undefined for one that it only has a folder of. @throws `run_missing` */
  find(id: string): ServedRun | undefined {
    const served = this.#served.get(id);
    if (served !== undefined) {
      // Whoever names it keeps it alive.
      served.hold()();
      return served;
    }
    if (isRunId(id) && isRunFolder(this.folder(id))) return undefined;
    throw new SameseedError("run_missing", `there is no run ${id.slice(0, 60)}`, {
      hint: "GET /v1/runs lists the runs",
    });
  }

  /** @throws `run_missing` */
  stateOf(id: string): RunProgress["state"] {
    return this.find(id)?.progress.state ?? (this.#requests.has(id) ? "failed" : "ended");
  }

  /** The folder of a run that has one. @throws `run_missing` */
  recorded(id: string): string {
    this.find(id);
    return this.folder(id);
  }

  /** Begins a run when there is room; resolves when its folder is open. @throws as `recordRun`, before its first rollout */
  async start(request: RunRequest, lease: Lease | undefined, patience: Patience): Promise<ServedRun> {
    makeFolders(this.#context.options.runs, 0o700);
    const id = makeId("run");
    this.#requests.keep(id, request);
    try {
      return await this.#begin(id, request, lease, patience, false);
    } catch (error) {
      if (!isRunFolder(this.folder(id))) this.#requests.drop(id);
      throw error;
    }
  }

  /**
   * Goes on with a run that was cut short, by the end of the server too. One that is whole stays as it is, whoever recorded it.
   * @throws `run_missing`; `bad_argument` where it is not whole and no server began it
   */
  async resume(id: string, lease: Lease | undefined, patience: Patience): Promise<RunProgress> {
    const served = this.find(id);
    if (served !== undefined && served.progress.state !== "failed") return served.progress;
    const request = this.#requests.read(id);
    if (request !== undefined) return (await this.#begin(id, request, lease, patience, true)).progress;
    using reader = await RunReader.open(this.folder(id));
    const progress = recordedProgress(id, reader.statistics());
    if (progress.state === "ended") return progress;
    throw new SameseedError("bad_argument", "only a run that a server began can be resumed by its name", {
      hint: "on the server's machine: `sameseed run … --out FOLDER --resume`",
    });
  }

  /** Ends all of them. */
  async close(): Promise<void> {
    await Promise.all([...this.#served.values()].map(async (run) => await run.stop()));
  }

  async #begin(
    id: string,
    request: RunRequest,
    asked: Lease | undefined,
    patience: Patience,
    resume: boolean,
  ): Promise<ServedRun> {
    const { slots, leases, metrics, options } = this.#context;
    const config = sdkOptions(request);
    const each = sandboxesOf(request.policy);
    const concurrency = concurrencyOf(request.concurrency, each, slots.total);
    const before = resume && isRunFolder(this.folder(id)) ? await orderIn(this.folder(id)) : [];
    const release = await slots.acquire(concurrency * each, patience);
    const other = this.#live(id);
    if (other !== undefined) {
      release();
      return other;
    }
    let lease: Lease | undefined;
    try {
      if (request.detached !== true) lease = asked ?? leases.open(options.leaseMs, false);
    } catch (error) {
      release();
      throw error;
    }
    const seeds = seedsOf(request);
    const policy = request.policy === undefined ? {} : { policy: sdkPolicy(request.policy) };
    const record = async (hooks: RunHooks): ReturnType<typeof recordRun> =>
      await withEnvironment(
        request.env,
        async (envName) =>
          await recordRun({
            ...config,
            ...policy,
            envName,
            seeds,
            concurrency,
            resume,
            ...hooks,
          }),
      );
    const run = new ServedRun(id, this.folder(id), seeds.length, record);
    run.recordedBefore(before);
    this.#served.set(id, run);
    metrics.opened("run");
    run.lease = lease;
    void run.ended.then(() => {
      release();
      run.lease = undefined;
      lease?.disown(id);
      if (lease?.hasHeartbeat === false && lease.size === 0) void lease.end();
      if (run.progress.state === "ended") this.#requests.drop(id);
      this.#forgetOld();
    });
    try {
      lease?.own(id, async () => await run.stop());
    } catch (error) {
      await run.stop();
      throw error;
    }
    await run.opened;
    if (run.refusal !== undefined) {
      this.#forget(run);
      throw run.refusal;
    }
    return run;
  }

  /** A run that is being recorded. Another request may have gone on with it while one waited for room. */
  #live(id: string): ServedRun | undefined {
    const served = this.#served.get(id);
    return served?.isEnded === false ? served : undefined;
  }

  #forget(run: ServedRun): void {
    if (this.#served.get(run.id) !== run) return;
    this.#served.delete(run.id);
  }

  #forgetOld(): void {
    const over = [...this.#served.values()].filter(({ isEnded }) => isEnded);
    for (const run of over.slice(0, -overMost)) this.#forget(run);
  }
}

function isRunId(name: string): boolean {
  return /^run_[\w-]{22}$/.test(name);
}

async function orderIn(folder: string): Promise<number[]> {
  using reader = await RunReader.open(folder);
  return reader.recordedOrder();
}
