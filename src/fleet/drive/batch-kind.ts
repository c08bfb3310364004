import { isSameseedError, type SameseedError } from "../../base/error.ts";
import type { RecordedRollout } from "../../model/rollout.ts";
import type { FleetWork, FleetWorkKind } from "../../rollout/rollout-fleet.ts";
import type { ObjectStore } from "../../store/objects/object-store.ts";
import { type Answer, leafOfAnswer, saidBy } from "../answer.ts";
import { type ChunkRecord, recordKey, type SecondOpinion } from "../commit.ts";
import { type Finding, type Findings, readFindings } from "./compare-executions.ts";
import { readChunkAnswers } from "./read-chunk-answers.ts";
import { readChunkRollouts } from "./read-chunk-rollouts.ts";

/** What a chunk holds, all of which was looked at. */
export interface ChunkContents<T> extends Iterable<T>, Disposable {
  readonly count: number;
}

/** What of a record its contents are found and checked by. */
export type RecordedChunk = Pick<ChunkRecord, "pack" | "seeds" | "spec" | "root">;

/** What the chunks of a batch hold, and what it means where two hosts do not give the same. */
export interface BatchKind<T> {
  /** @throws `run_damaged`, `io_failed`, `disk_full`; `protocol_broken` where its host gave something of another form */
  read(store: ObjectStore, record: RecordedChunk, key: string): Promise<ChunkContents<T>>;
  seedOf(item: T): number;
  /** What an execution found; undefined where its pack is missing, or not what it says. @throws `io_failed` */
  findings(store: ObjectStore, execution: ChunkRecord | SecondOpinion): Promise<Findings | undefined>;
  /**
   * Told where two executions differ, which is then all that comes of it: the code in question is a stranger's, and must neither
   * end the work of all others nor have a host quarantined. Without it, hosts that differ are judged.
   */
  readonly onDifference?: (record: ChunkRecord, hosts: readonly string[]) => void;
}

/** Chunks of rollouts. */
export const rolloutChunks: BatchKind<RecordedRollout> = {
  read: readChunkRollouts,
  seedOf: ({ summary }) => summary.seed,
  findings: readFindings,
};

/** Chunks of other work. @param inMemoryBytes packs up to this size are in memory, larger ones files meanwhile; by default 4 MiB */
export function answerChunks(
  { kind, items, isAnswer }: Pick<FleetWork, "kind" | "isAnswer"> & { readonly items: ArrayLike<unknown> },
  onDifference: NonNullable<BatchKind<Answer>["onDifference"]>,
  inMemoryBytes?: number,
): BatchKind<Answer> {
  const isItsAnswer = ({ at, answer }: Answer): boolean => at < items.length && isAnswer(answer, at);
  const how = { kind, isItsAnswer, inMemoryBytes };
  const read: BatchKind<Answer>["read"] = async (store, record, key) =>
    await readChunkAnswers(how, store, record, key);
  return {
    read,
    seedOf: ({ at }) => at,
    findings: async (store, { spec, seeds, root, pack }) => {
      if (pack === undefined) return undefined;
      try {
        using answers = await read(store, { spec, seeds, root, pack }, recordKey({ spec, seeds }));
        return new Map([...answers].flatMap((own) => findingOf(kind, spec, own)));
      } catch (error) {
        if (!isRefusal(error)) throw error;
        return undefined;
      }
    },
    onDifference,
  };
}

/** Whether an error says that what is in the store for a chunk cannot be taken. */
export function isRefusal(error: unknown): error is SameseedError {
  return isSameseedError(error) && (error.code === "run_damaged" || error.code === "protocol_broken");
}

function findingOf(kind: FleetWorkKind, spec: string, own: Answer): [number, Finding][] {
  if (saidBy(kind, own.answer) === undefined) return [];
  return [[own.at, { leaf: leafOfAnswer(kind, spec, own).toString("hex"), isClaimed: false }]];
}
