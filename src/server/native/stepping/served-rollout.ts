import * as z from "zod";

import { SameseedError } from "../../../base/error.ts";
import type { BranchRequest, Checkpoint } from "../../../rollout/branch-request.ts";
import type { OpenRollout } from "../../../rollout/rollout-step.ts";
import { reseedSchema } from "../../../model/branch.ts";
import { type Lease, makeId } from "../../leases.ts";
import type { Release } from "../../slots.ts";
import { Sequence } from "./sequence.ts";
import type { CallFields } from "./stepping-schema.ts";
import { rolloutView, stepAnswer, summaryText } from "./views.ts";
import { encodeAnswer, toAction } from "./wire.ts";

/** The most checkpoints that a rollout keeps. */
const checkpointsMost = 10_000;

/** A rollout of a client's. */
export class ServedRollout {
  readonly id: string = makeId("ro");
  readonly sequence: Sequence = new Sequence();
  readonly rollout: OpenRollout;
  readonly lease: Lease;
  readonly #release: Release;
  readonly #checkpoints: Map<string, Checkpoint> = new Map();

  constructor(rollout: OpenRollout, lease: Lease, release: Release) {
    this.rollout = rollout;
    this.lease = lease;
    this.#release = release;
  }

  /** What is told of it. */
  view(): Uint8Array {
    return encodeAnswer(rolloutView(this.id, this.sequence.last, this.rollout));
  }

  /** Takes a step. */
  async step(fields: CallFields): Promise<Uint8Array> {
    const step = await this.rollout.step(toAction(fields.value("action")));
    return encodeAnswer(stepAnswer(step, this.rollout));
  }

  /** Keeps its state. */
  async checkpoint(): Promise<Uint8Array> {
    if (this.#checkpoints.size >= checkpointsMost)
      throw new SameseedError("bad_argument", `a rollout keeps at most ${checkpointsMost} checkpoints`);
    const checkpoint = await this.rollout.checkpoint();
    const id = makeId("cp");
    this.#checkpoints.set(id, checkpoint);
    const { step, chain } = checkpoint;
    return encodeAnswer({ checkpoint: id, step, chain });
  }

  /** Comes back to a state that was kept. */
  async rollback(fields: CallFields): Promise<Uint8Array> {
    const checkpoint = this.#checkpoints.get(fields.text("checkpoint"));
    if (checkpoint === undefined)
      throw new SameseedError("not_found", "the rollout has no such checkpoint", {
        hint: "give what `checkpoint` answered",
      });
    await this.rollout.rollback(checkpoint);
    return this.view();
  }

  /** Its state as text. */
  snapshot(): Uint8Array {
    return encodeAnswer({ snapshot: JSON.stringify(this.rollout.snapshot()) });
  }

  /** Takes over checkpoints of the rollout that it is a branch of: they are on its way. */
  inherit(parent: ServedRollout): void {
    for (const [id, checkpoint] of parent.#checkpoints) this.#checkpoints.set(id, checkpoint);
  }

  /** Ends it, and tells what was recorded. */
  async close(fields: CallFields): Promise<Uint8Array> {
    const withBytes = fields.read("trajectory", z.boolean().default(false));
    const result = await this.end();
    return encodeAnswer({
      summary: summaryText(result),
      ...(withBytes ? { trajectory: result.trajectory.bytes } : {}),
    });
  }

  /** Ends it, and gives its room back. */
  async end(): ReturnType<OpenRollout["close"]> {
    try {
      return await this.rollout.close();
    } finally {
      this.#release();
      this.lease.disown(this.id);
    }
  }
}

/** What `branch` is asked for. @throws `bad_argument` */
export function branchRequest(fields: CallFields): BranchRequest {
  const count = fields.read("count", z.int().min(1).max(256).optional());
  const reseed = fields.read("reseed", z.array(reseedSchema).min(1).max(256).optional());
  const engine = fields.read("engine", z.enum(["fork", "replay"]).optional());
  return {
    ...(count === undefined ? {} : { count }),
    ...(reseed === undefined ? {} : { reseed }),
    ...(engine === undefined ? {} : { engine }),
  };
}
