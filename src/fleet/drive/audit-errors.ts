import { SameseedError } from "../../base/error.ts";
import type { ObjectStore } from "../../store/objects/object-store.ts";
import { seedCount } from "../chunk.ts";
import { type ChunkRecord, recordKey } from "../commit.ts";

/** What was taken from a record that others contradict, and that cannot be looked at any more, does not count. */
export async function gone(store: ObjectStore, record: ChunkRecord): Promise<SameseedError> {
  await store.delete(recordKey(record));
  return new SameseedError(
    "fleet_disagrees",
    `another host made other rollouts of ${seedsText(record)} than ${record.host}, whose pack is not in the store any more`,
    { hint: "the same command runs them again", context: { takenBack: true } },
  );
}

/** Two differ, and nobody can tell which is right. */
export function unclear(record: ChunkRecord, hosts: readonly string[]): SameseedError {
  return new SameseedError(
    "fleet_disagrees",
    `the hosts ${hosts.join(" and ")} made other rollouts of ${seedsText(record)}, and no third one can tell`,
    {
      hint: "add a worker on a third machine, or look with `sameseed audit` whether the environment follows from its seed",
      context: { hosts, seeds: record.seeds },
    },
  );
}

/** Hosts differ, and none is known to be at fault. */
export function scattered(record: ChunkRecord, hosts: readonly string[]): SameseedError {
  return new SameseedError(
    "fleet_disagrees",
    `${hosts.length} hosts made other rollouts of ${seedsText(record)}, and none of them is known to be at fault`,
    {
      hint: "the environment or policy does not follow from its seed: `sameseed audit` names the cause",
      context: { seeds: record.seeds },
    },
  );
}

/** Seeds, for people. */
export function seedsText({ seeds }: Pick<ChunkRecord, "seeds">): string {
  const [[first] = [0]] = seeds;
  return seedCount(seeds) === 1 ? `seed ${first}` : `${seedCount(seeds)} seeds from ${first} on`;
}
