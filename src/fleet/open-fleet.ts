import { SameseedError } from "../base/error.ts";
import { type NamesOf, refuseUnknownOptions } from "../base/known-options.ts";
import { resolveImage } from "../image/image-store.ts";
import { importWhereNamed } from "../image/import-image.ts";
import type { RecordedRollout } from "../model/rollout.ts";
import type { ResolvedOptions } from "../rollout/rollout-config.ts";
import {
  type FleetAnswer,
  type FleetEngine,
  type FleetMade,
  type FleetRun,
  type FleetWork,
  makeFleet,
  type RolloutFleet,
} from "../rollout/rollout-fleet.ts";
import { readPatiently, type Waiting } from "../store/objects/patient-objects.ts";
import { RunReader } from "../store/run-reader.ts";
import { checkFleetCertificate, writeFleetCertificate } from "./certificate.ts";
import { seedCount } from "./chunk.ts";
import type { ChunkRecord } from "./commit.ts";
import { contradicted, errorOf } from "./drive/batch-errors.ts";
import { answerChunks, rolloutChunks } from "./drive/batch-kind.ts";
import type { ChosenHosts } from "./drive/choose-hosts.ts";
import { type FleetCall, overFleet } from "./drive/over-fleet.ts";
import { encodeSpec, fleetSpec, optionsOf } from "./fleet-spec.ts";
import { leafOf } from "./merkle.ts";
import { checkScoreCertificate, writeScoreCertificate } from "./score-certificate.ts";
import type { ChunkFailure, Dispatcher } from "./queue/dispatcher.ts";
import { maskedUrl } from "./queue/masked-url.ts";
import { checkQueueUrl, openDispatcher } from "./queue/open-dispatcher.ts";
import { encodeWork, publishWork } from "./work-spec.ts";
import { fetchSpec } from "./worker/run-chunk.ts";

/** How a fleet is used. */
export interface FleetOptions {
  /** Where its hosts put what they make. @default what its workers name */
  readonly store?: string;
  /** This call's share of the fleet, against that of other calls: 1 to 1000. @default 1 */
  readonly weight?: number;
  /** Calls of a lower number go first: 0 to 1000. @default 0 */
  readonly priority?: number;
  /** How many of the chunks run a second time on another host, to be compared: 0 to 1. @default 0.005 */
  readonly audit?: number;
  /** Told what a person wants to know. */
  readonly onNote?: (line: string) => void;
}

const optionNames: NamesOf<FleetOptions> = {
  store: true,
  weight: true,
  priority: true,
  audit: true,
  onNote: true,
};

/**
 * Names a fleet: other machines that run `sameseed worker` on one queue and one store. Nothing is connected before it is used.
 *
 * @example
 * const fleet = openFleet("redis://queue:6379");
 * await recordRun({ envName: "CartPole-v1", seeds: [1, 2, 3], fleet });
 *
 * @param url `redis://[USER:PASSWORD@]HOST[:PORT][/DB]`, `rediss://…`, `redis+unix:/path/to/socket` or
 * `postgresql://[USER:PASSWORD@]HOST[:PORT]/DB`; `local:` for this process alone, which needs {@link FleetOptions.store}
 * @throws `bad_argument`
 *
 * @experimental
 */
export function openFleet(url: string, options: FleetOptions = {}): RolloutFleet {
  refuseUnknownOptions(options, optionNames, "openFleet");
  const { store } = options;
  if (url === "local:" && store === undefined)
    throw new SameseedError("bad_argument", "a fleet of this process alone needs a store", {
      hint: "name a folder with `store`",
    });
  if (url !== "local:") checkQueueUrl(url);
  const open = async (): Promise<Dispatcher> => {
    if (url !== "local:" || store === undefined) return await openDispatcher(url);
    const { openHere } = await import("./worker/open-here.ts");
    return await openHere(store);
  };
  const engine = new Fleet(open, {
    ...options,
    weight: inRange("weight", options.weight ?? 1, 1),
    priority: inRange("priority", options.priority ?? 0, 0),
    audit: shareOf(options.audit ?? 0.005),
  });
  return makeFleet(maskedUrl(url), engine);
}

function inRange(name: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least && value <= 1000) return value;
  throw new SameseedError(
    "bad_argument",
    `${name} must be a whole number from ${least} to 1000, not ${value}`,
  );
}

function shareOf(value: number): number {
  if (value >= 0 && value <= 1) return value;
  throw new SameseedError("bad_argument", `audit must be a share from 0 to 1, not ${value}`);
}

type FleetSetting = FleetOptions & Required<Pick<FleetOptions, "weight" | "priority" | "audit">>;

/** A fleet behind whatever queue it is given. */
export class Fleet implements FleetEngine {
  readonly #open: () => Promise<Dispatcher>;
  /** What was asked in which call, for its certificate. */
  readonly #made = new WeakMap<ResolvedOptions, FleetMade>();
  readonly #options: FleetSetting;

  constructor(open: () => Promise<Dispatcher>, options: FleetSetting) {
    this.#open = open;
    this.#options = options;
  }

  async *rollouts(
    options: ResolvedOptions,
    seeds: Iterable<number>,
    { signal = never(), storedOnly = false, hosts }: CallSetting,
  ): AsyncGenerator<RecordedRollout, void, undefined> {
    const wanted = onceEach(seeds);
    await importWhereNamed(options.image);
    const { name, manifest } = resolveImage(options.image);
    // What cannot be asked of a fleet is refused before anything is waited for.
    fleetSpec(options, manifest.digest, "");
    const rollouts = overFleet({
      ...this.#setting(),
      title: titleOf(options),
      kind: rolloutChunks,
      seeds: wanted,
      images: [manifest.digest],
      hosts,
      signal,
      storedOnly,
      spec: async (_, hostClass) => encodeSpec(fleetSpec(options, manifest.digest, hostClass)),
      onDone: (made) => this.#made.set(options, made),
    });
    for await (const { summary, ...rest } of rollouts) {
      const { receipt } = summary;
      yield {
        ...rest,
        summary: { ...summary, receipt: { ...receipt, image: { ...receipt.image, name } } },
      };
    }
  }

  async *answers(work: FleetWork): AsyncGenerator<FleetAnswer, void, undefined> {
    if (work.wanted.length === 0) return;
    const { onNote, share, ...setting } = this.#setting();
    const lost: FleetAnswer[] = [];
    const onDifference = ({ seeds }: ChunkRecord, hosts: readonly string[]): void =>
      onNote(
        `the hosts ${hosts.join(" and ")} do not say the same of ${seedCount(seeds)} items from number ${seeds[0]![0]} on`,
      );
    yield* overFleet({
      ...setting,
      onNote,
      // An audit is itself a comparison of executions.
      share: work.kind === "audits" ? 0 : share,
      title: work.title,
      kind: answerChunks(work, onDifference),
      seeds: work.wanted,
      images: [...new Set(Object.values(work.images))],
      signal: work.signal ?? never(),
      spec: async (store, hostClass) => encodeWork(work, await publishWork(store, work), hostClass),
      onLost: (all) => {
        for (const [at, failure] of all) lost.push({ at, lost: whyLost(failure) });
      },
      ...(work.onDone === undefined ? {} : { onDone: work.onDone }),
    });
    yield* lost;
  }

  #setting(): Pick<FleetCall<unknown>, "open" | "store" | "weight" | "priority" | "share" | "onNote"> {
    const { store, weight, priority, audit, onNote = noNote } = this.#options;
    return { open: this.#open, store, weight, priority, share: audit, onNote };
  }

  /** Takes a run's rollouts from the store again, with audits as if they were new, and compares them with its rows. */
  async #retake(
    dir: string,
    options: ResolvedOptions,
    { signal, hosts }: Pick<CallSetting, "signal" | "hosts">,
  ): Promise<void> {
    const rows = new Map<number, string>();
    {
      using reader = await RunReader.open(dir);
      for (const summary of reader.rows()) rows.set(summary.seed, leafOf("", summary).toString("hex"));
    }
    const how = { signal, storedOnly: true, hosts };
    for await (const { summary } of this.rollouts(options, rows.keys(), how)) {
      if (rows.get(summary.seed) === leafOf("", summary).toString("hex")) continue;
      throw new SameseedError(
        "fleet_disagrees",
        `the run has another rollout of seed ${summary.seed} than the fleet's store`,
        {
          hint: "`sameseed verify` tells whether the run's is what its seed gives",
          context: { seeds: [summary.seed] },
        },
      );
    }
  }

  async audit(dir: string, signal: AbortSignal): Promise<void> {
    const check = await checkFleetCertificate(dir);
    // One that counts a mismatch is there to be decided.
    const certificate = check.state === "none" ? undefined : check.certificate;
    if (certificate === undefined)
      throw new SameseedError("not_found", `${dir} has no certificate of a fleet that holds`, {
        hint: "record it with `sameseed run … --fleet URL --out DIR`",
      });
    // What is compared is what the run's hosts made, where they put it: not what today's would.
    const { store = certificate.store } = this.#options;
    const spec = await readPatiently(
      store,
      async (open) => await fetchSpec(open, certificate.spec),
      this.#waiting(signal),
    );
    const options = optionsOf(spec);
    await this.#retake(dir, options, { signal, hosts: { hostClass: spec.hostClass, store } });
    await this.certify({ dir, options, signal });
  }

  async certify({ dir, options, signal }: FleetRun): Promise<void> {
    if (!this.#made.has(options)) {
      // Nothing was missing. Either the run has its certificate, or it was stopped before it got one that holds.
      const check = await checkFleetCertificate(dir);
      const isMismatch = check.state === "altered" && check.certificate !== undefined;
      if (check.state === "intact" || (check.state === "altered" && !isMismatch)) return;
      await this.#retake(dir, options, { signal });
    }
    const made = this.#made.get(options);
    if (made === undefined) return;
    const { mismatches } = await readPatiently(
      made.store,
      async (store) => await writeFleetCertificate(dir, store, made.spec),
      this.#waiting(signal),
    );
    if (mismatches > 0) throw contradicted(mismatches);
  }

  async certifyScores(dir: string, made: FleetMade | undefined): Promise<boolean> {
    // One that does not hold stays: `verify` tells.
    if (made === undefined) return !["none", "outgrown"].includes((await checkScoreCertificate(dir)).state);
    await readPatiently(
      made.store,
      async (store) => await writeScoreCertificate(dir, store, made.spec),
      this.#waiting(),
    );
    return true;
  }

  #waiting(signal = never()): Waiting {
    return { signal, onLog: this.#options.onNote ?? noNote };
  }
}

interface CallSetting {
  readonly signal?: AbortSignal | undefined;
  /** Whether nothing is run that the store has no record of. */
  readonly storedOnly?: boolean;
  /** Which hosts run them. @default those that are chosen today */
  readonly hosts?: ChosenHosts | undefined;
}

/** A fleet runs each seed once: two rollouts of one would silently become one. @throws `bad_argument` */
function onceEach(seeds: Iterable<number>): Set<number> {
  const once = new Set<number>();
  for (const seed of seeds) {
    if (once.has(seed))
      throw new SameseedError("bad_argument", `seed ${seed} is there twice, and a fleet runs each once`, {
        hint: "name each seed once",
        context: { seed },
      });
    once.add(seed);
  }
  return once;
}

function titleOf({ template: { environment } }: ResolvedOptions): string {
  return environment.kind === "file" ? `${environment.name}:${environment.className}` : environment.id;
}

function noNote(): void {}

function never(): AbortSignal {
  return new AbortController().signal;
}

function whyLost(failure: ChunkFailure): string {
  return failure.error === undefined ? "the hosts that had it were lost" : errorOf(failure).message;
}
