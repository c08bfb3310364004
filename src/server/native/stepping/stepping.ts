/*
 * Theory of operation. What is opened over the WebSocket belongs to a lease, not to a connection: a client whose connection broke
 * comes back with its lease and goes on. Each rollout and each vector takes its requests one after the other, by their numbers.
 */
import { SameseedError } from "../../../base/error.ts";
import { openRollout, readSnapshot } from "../../../rollout/open-rollout.ts";
import { openRollouts } from "../../../rollout/open-rollouts.ts";
import type { OpenRollout } from "../../../rollout/rollout-step.ts";
import type { ServerContext } from "../../context.ts";
import { asServerError } from "../../http/reply.ts";
import { parseJson } from "../../http/parse-json.ts";
import type { Lease } from "../../leases.ts";
import { OnceTable } from "../../once.ts";
import type { Release } from "../../slots.ts";
import { checkKnownImage } from "../known-image.ts";
import { sdkOptions, withEnvironment } from "../rollout-request.ts";
import { ClosedAnswers } from "./closed-answers.ts";
import { branchRequest, ServedRollout } from "./served-rollout.ts";
import { ServedVector } from "./served-vector.ts";
import {
  CallFields,
  type OpenRequest,
  openSchema,
  type VectorRequest,
  vectorSchema,
} from "./stepping-schema.ts";
import { rolloutView, type AnswerMap } from "./views.ts";
import { encodeAnswer, type SocketCall, withoutId } from "./wire.ts";

/** How many rollouts of a vector are started ahead: as many as the SDK does. */
const aheadMost = 8;

type Served = ServedRollout | ServedVector;

/** Everything that clients step. */
export class Stepping {
  readonly #context: ServerContext;
  readonly #open: Map<string, Served> = new Map();
  readonly #closed: ClosedAnswers = new ClosedAnswers();
  readonly #opened: OnceTable<Uint8Array> = new OnceTable((answer) => answer.length + 256);

  constructor(context: ServerContext) {
    this.#context = context;
    context.leases.whenEnded((lease) => this.#closed.forget(lease));
  }

  /** Does what a request asks for. @returns the answer, encoded @throws what stood in the way */
  async answer(call: SocketCall, lease: Lease): Promise<Uint8Array> {
    const fields = new CallFields(call.entries);
    switch (call.op) {
      case "heartbeat":
        return encodeAnswer({});
      case "open":
      case "open_vector":
        return await this.#once(call, fields, lease);
      case "view":
        return this.#rollout(fields, lease).view();
      case "snapshot":
        return this.#rollout(fields, lease).snapshot();
      case "step":
      case "branch":
      case "checkpoint":
      case "rollback":
      case "close":
        return await this.#inTurn(call, fields, lease, "rollout");
      case "step_vector":
      case "reset_vector":
      case "close_vector":
        return await this.#inTurn(call, fields, lease, "vector");
      default:
        throw new SameseedError("bad_argument", `there is no op ${JSON.stringify(call.op.slice(0, 80))}`, {
          hint: "docs/server/native-api.md lists them",
        });
    }
  }

  async #once(call: SocketCall, fields: CallFields, lease: Lease): Promise<Uint8Array> {
    return await this.#opened.run(lease.id, fields.text("key"), withoutId(call.bytes), async () =>
      call.op === "open"
        ? await this.#openRollout(fields.read("config", openSchema), fields.queueMs, lease)
        : await this.#openVector(fields.read("config", vectorSchema), fields.queueMs, lease),
    );
  }

  async #inTurn(
    call: SocketCall,
    fields: CallFields,
    lease: Lease,
    kind: "rollout" | "vector",
  ): Promise<Uint8Array> {
    const id = fields.text(kind);
    const closed = this.#closed.find(id, lease.id);
    if (closed !== undefined) return await closed.run(fields.seq, call.bytes, over);
    const served = kind === "rollout" ? this.#rollout(fields, lease) : this.#vector(fields, lease);
    return await served.sequence.run(fields.seq, call.bytes, async () =>
      served instanceof ServedRollout
        ? await this.#doRollout(call.op, served, fields)
        : await this.#doVector(call.op, served, fields),
    );
  }

  async #doRollout(op: string, served: ServedRollout, fields: CallFields): Promise<Uint8Array> {
    if (op === "step") return await served.step(fields);
    if (op === "checkpoint") return await served.checkpoint();
    if (op === "rollback") return await served.rollback(fields);
    if (op === "branch") return await this.#branch(served, fields);
    return this.#keepClosed(served, await served.close(fields));
  }

  async #doVector(op: string, served: ServedVector, fields: CallFields): Promise<Uint8Array> {
    if (op === "step_vector") return await served.step(fields);
    if (op === "reset_vector") return await served.reset(fields);
    return this.#keepClosed(served, await served.close());
  }

  #keepClosed(served: Served, answer: Uint8Array): Uint8Array {
    this.#open.delete(served.id);
    const { id, lease, sequence } = served;
    // Nobody can ask under a lease that is over.
    if (!lease.isEnded) this.#closed.keep(id, lease.id, sequence, answer);
    return answer;
  }

  async #openRollout(config: OpenRequest, queueMs: number, lease: Lease): Promise<Uint8Array> {
    const release = await this.#context.slots.acquire(1, { queueMs });
    let rollout: OpenRollout | undefined;
    try {
      rollout = await open(config);
      return this.#own(rollout, lease, release).view();
    } catch (error) {
      await rollout?.close().catch(() => {});
      release();
      throw error;
    }
  }

  async #openVector(config: VectorRequest, queueMs: number, lease: Lease): Promise<Uint8Array> {
    const { count, autoreset } = config;
    const release = await this.#context.slots.acquire(count + Math.min(aheadMost, count), { queueMs });
    const served = new ServedVector(lease, autoreset, release);
    let isOpen = false;
    try {
      const { env, seeds, repeatSeeds, idleMs } = config;
      const options = {
        ...sdkOptions(config),
        count,
        seeds,
        ...(repeatSeeds === undefined ? {} : { repeatSeeds }),
        ...(idleMs === undefined ? {} : { idleMs }),
        autoreset: autoreset === "next_step",
        onEpisode: served.onEpisode,
      };
      served.begin(
        await withEnvironment(env, async (envName) => await openRollouts({ ...options, envName })),
      );
      isOpen = true;
      this.#take(served);
      this.#context.metrics.opened("vector");
      return served.view();
    } catch (error) {
      if (isOpen) await served.end().catch(() => {});
      release();
      throw error;
    }
  }

  async #branch(parent: ServedRollout, fields: CallFields): Promise<Uint8Array> {
    const request = branchRequest(fields);
    const count = request.count ?? request.reseed?.length ?? 1;
    const { slots } = this.#context;
    const release = await slots.acquire(count, { queueMs: fields.queueMs });
    const shares = shareOut(release, count);
    let settled: PromiseSettledResult<OpenRollout>[];
    try {
      settled = await parent.rollout.branchSettled(request);
    } catch (error) {
      for (const share of shares) share();
      throw error;
    }
    const branches = settled.map((each, at) => this.#settle(each, parent, shares[at]!));
    return encodeAnswer({ branches: branches as never });
  }

  #settle(each: PromiseSettledResult<OpenRollout>, parent: ServedRollout, release: Release): AnswerMap {
    if (each.status === "rejected") {
      release();
      const { code, message } = asServerError(each.reason);
      return { error: { code, message } };
    }
    try {
      const served = this.#own(each.value, parent.lease, release);
      served.inherit(parent);
      return { view: rolloutView(served.id, 0, each.value) as never };
    } catch (error) {
      void each.value.close().catch(() => {});
      release();
      const { code, message } = asServerError(error);
      return { error: { code, message } };
    }
  }

  #own(rollout: OpenRollout, lease: Lease, release: Release): ServedRollout {
    const served = new ServedRollout(rollout, lease, release);
    this.#take(served);
    this.#context.metrics.opened("rollout");
    return served;
  }

  /** @throws `lease_ended`; the caller then closes it */
  #take(served: Served): void {
    served.lease.own(served.id, async () => {
      this.#open.delete(served.id);
      await served.end();
    });
    this.#open.set(served.id, served);
  }

  #rollout(fields: CallFields, lease: Lease): ServedRollout {
    const served = this.#open.get(fields.text("rollout"));
    if (served instanceof ServedRollout && served.lease === lease) return served;
    throw nowhere("rollout");
  }

  #vector(fields: CallFields, lease: Lease): ServedVector {
    const served = this.#open.get(fields.text("vector"));
    if (served instanceof ServedVector && served.lease === lease) return served;
    throw nowhere("vector");
  }
}

async function open(config: OpenRequest): Promise<OpenRollout> {
  if ("snapshot" in config) {
    const { backend, idleMs } = config;
    const snapshot = readSnapshot(parseJson(Buffer.from(config.snapshot)));
    checkKnownImage(snapshot.image.digest);
    return await openRollout({
      snapshot,
      ...(backend === undefined ? {} : { backend }),
      ...(idleMs === undefined ? {} : { idleMs }),
    });
  }
  const { env, seed, idleMs } = config;
  const options = { ...sdkOptions(config), seed, ...(idleMs === undefined ? {} : { idleMs }) };
  return await withEnvironment(env, async (envName) => await openRollout({ ...options, envName }));
}

/** Parts of one room, that come free one by one: the room itself when the last does. */
function shareOut(release: Release, count: number): Release[] {
  let left = count;
  return Array.from({ length: count }, () => {
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      if (--left === 0) release();
    };
  });
}

function nowhere(kind: string): SameseedError {
  return new SameseedError("not_found", `the lease has no such ${kind}`, {
    hint: "it was closed, or its lease ended",
  });
}

async function over(): Promise<never> {
  throw await Promise.resolve(new SameseedError("rollout_over", "it is closed"));
}
