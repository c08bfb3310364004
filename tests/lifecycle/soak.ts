import { isSameseedError } from "../../src/base/error.ts";
import { defaultImageName } from "../../src/image/default-image.ts";
import { resolveImage } from "../../src/image/image-store.ts";
import type { RolloutConfig } from "../../src/rollout/rollout-config.ts";
import { ZygoteBackend } from "../../src/sandbox/zygote/backend.ts";
import { grownGauges, percentile99, readGauges, type Gauges } from "./soak-gauges.ts";
import { honestSeeds, honestSpecs, hostileSpecs, play } from "./soak-mix.ts";

/** How much is mixed. */
export interface SoakOptions {
  readonly rollouts: number;
  /** The share of attackers, from 0 to 1. */
  readonly hostile: number;
  /** How many rollouts there are between two looks; the last look is compared with the first. */
  readonly window: number;
  readonly concurrency: number;
  readonly onWindow?: (done: number, gauges: Gauges) => void;
}

/** What a soak saw. */
export interface SoakReport {
  readonly rollouts: number;
  readonly hostile: number;
  /** How the attackers' rollouts ended. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Honest rollouts with another digest than alone, and rollouts the host failed. */
  readonly wrong: readonly string[];
  /** Honest specs as the last children of the same zygote, with attackers beside them. */
  readonly twins: readonly { readonly envName: string; readonly alone: string; readonly last: string }[];
  readonly first: Gauges;
  readonly last: Gauges;
  /** A sentence for each gauge that is not flat. */
  readonly grown: readonly string[];
  readonly wallMs: number;
}

/** The digest of every honest spec under every seed, the first of each as the only child of a fresh zygote. */
async function playAlone(): Promise<ReadonlyMap<RolloutConfig, string>> {
  const digests = new Map<RolloutConfig, string>();
  for (const spec of honestSpecs) {
    const backend = new ZygoteBackend(resolveImage(defaultImageName));
    for (const seed of honestSeeds) {
      const config = { ...spec, seed };
      digests.set(config, (await play(backend, config)).digest);
    }
    await backend.close();
  }
  return digests;
}

/** Runs honest rollouts and attackers on one backend, and looks whether anything grows or differs. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const began = performance.now();
  const alone = await playAlone();
  const soaking = new Soaking(alone);
  try {
    // All slots that can be needed at one time: a referee and a policy for each.
    await soaking.backend.warm(2 * options.concurrency);
    let first: Gauges | undefined;
    let last: Gauges | undefined;
    for (let done = 0; done < options.rollouts;) {
      const count = Math.min(options.window, options.rollouts - done);
      const latencies = await soaking.run(done, count, options);
      done += count;
      last = { ...readGauges(soaking.backend.zygotePids), p99Ms: percentile99(latencies) };
      first ??= last;
      options.onWindow?.(done, last);
    }
    if (first === undefined || last === undefined) throw new RangeError("a soak needs rollouts");
    const twins = await soaking.twins();
    const { wrong, outcomes, hostile } = soaking;
    const grown = grownGauges(first, last);
    const wallMs = performance.now() - began;
    return { rollouts: options.rollouts, hostile, outcomes, wrong, twins, first, last, grown, wallMs };
  } finally {
    await soaking.backend.close();
  }
}

class Soaking {
  readonly backend: ZygoteBackend = new ZygoteBackend(resolveImage(defaultImageName));
  readonly wrong: string[] = [];
  readonly outcomes: Record<string, number> = {};
  hostile = 0;
  readonly #alone: ReadonlyMap<RolloutConfig, string>;
  readonly #configs: readonly RolloutConfig[];
  #honest = 0;

  constructor(alone: ReadonlyMap<RolloutConfig, string>) {
    this.#alone = alone;
    this.#configs = [...alone.keys()];
  }

  /** Runs rollouts number `from` on; returns how long the honest ones took, in ms. */
  async run(
    from: number,
    count: number,
    { hostile, concurrency }: Pick<SoakOptions, "hostile" | "concurrency">,
  ): Promise<number[]> {
    const latencies: number[] = [];
    let next = from;
    const work = async (): Promise<void> => {
      while (next < from + count) {
        const index = next++;
        // As many attackers as were asked for, evenly spread.
        if (Math.floor((index + 1) * hostile) > Math.floor(index * hostile)) await this.#attack();
        else latencies.push(await this.#playHonest());
      }
    };
    await Promise.all(Array.from({ length: concurrency }, work));
    return latencies;
  }

  /** Every honest spec once more, each beside attackers. */
  async twins(): Promise<SoakReport["twins"]> {
    const configs = this.#configs.filter(({ seed }) => seed === honestSeeds[0]);
    const twins = [];
    for (const config of configs) {
      const attacks = [this.#attack(), this.#attack(), this.#attack()];
      const { digest } = await play(this.backend, config);
      await Promise.all(attacks);
      twins.push({ envName: config.envName, alone: this.#alone.get(config)!, last: digest });
    }
    return twins;
  }

  async #playHonest(): Promise<number> {
    const config = this.#configs[this.#honest++ % this.#configs.length]!;
    const began = performance.now();
    try {
      const { digest, outcome } = await play(this.backend, config);
      if (digest !== this.#alone.get(config))
        this.wrong.push(`${config.envName} with seed ${config.seed} ended ${outcome} with ${digest}`);
    } catch (error) {
      this.wrong.push(`${config.envName} with seed ${config.seed} failed: ${String(error)}`);
    }
    return performance.now() - began;
  }

  async #attack(): Promise<void> {
    const spec = hostileSpecs[this.hostile++ % hostileSpecs.length]!;
    const config = { ...spec, seed: this.hostile };
    try {
      // Once more where the host came too late for it, as a run does.
      const { outcome } = await play(this.backend, config).catch(async (error: unknown) => {
        if (!isSameseedError(error) || !error.kind.retryable) throw error;
        return await play(this.backend, config);
      });
      this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
    } catch (error) {
      this.wrong.push(`the attack ${spec.envName} failed the host: ${String(error)}`);
    }
  }
}
