import { ChainBuilder } from "../../src/trajectory/chain.ts";
import { FrameDecoder } from "../../src/trajectory/frame-decoder.ts";
import { decodeRecord, decodeVolatile } from "../../src/trajectory/records.ts";
import {
  buildTrajectoryBlob,
  framesOf,
  parseTrajectoryBlob,
  recordsOf,
} from "../../src/trajectory/trajectory-blob.ts";
import { decodeCbor } from "../../src/model/cbor/decode.ts";
import { fieldSpans } from "../../src/model/cbor/field-spans.ts";
import { cborToJson } from "../../src/model/cbor/to-json.ts";
import { RolloutRecording } from "../../src/trajectory/rollout-recording.ts";
import {
  bytes as byteString,
  encodeRecord,
  episode,
  float,
  frame,
  int,
  map,
  text,
} from "../unit/trajectory/trajectories.ts";
import { cborValue } from "../unit/model/cbor/cbor-values.ts";
import { encodeCbor } from "../unit/model/cbor/encode-cbor.ts";
import { sample } from "fast-check";
import { cutAnywhere, mustHold, parseWith, type FuzzTarget } from "./fuzz-target.ts";

/* What comes out of a sandbox that runs a rollout, live and as it is stored. */

const records = episode(4).map(encodeRecord);
const volatile = encodeCbor(map({ k: int(1), info: map({ t: float(0.5) }) }));
const end = encodeCbor(
  map({
    outcome: text("terminated"),
    steps: int(4),
    totalReward: float(4),
    seeded: { type: "list", items: [text("env")] },
    warnings: { type: "list", items: [] },
    volatile: { type: "list", items: [text("t")] },
    orderDigest: byteString(new Uint8Array(32)),
  }),
);
const stream = Buffer.concat([
  ...records.slice(0, 2).map((record) => frame(1, record)),
  frame(2, volatile),
  ...records.slice(2).map((record) => frame(1, record)),
  frame(3, end),
]);
const failed = episode(1, "env_error").map((fields, at) =>
  encodeRecord(
    at < 2 ? fields : { ...fields, error: map({ type: text("ValueError"), message: text("no") }) },
  ),
);
const broken = Buffer.concat(failed.map((record) => frame(1, record)));
const manifest = Buffer.from("{}");

const frames: FuzzTarget = {
  name: "frame decoder",
  examples: [stream, broken],
  cost: 1,
  check: (bytes, numbers) => {
    const read = (chunks: readonly Buffer[]): Buffer[] => {
      const decoder = new FrameDecoder({ maxBytes: 4096 });
      return chunks.flatMap((chunk) => decoder.push(chunk).map((one) => Buffer.from(one.bytes)));
    };
    const whole = parseWith(["protocol_broken"], () => read([bytes]));
    const parts = parseWith(["protocol_broken"], () => read(cutAnywhere(bytes, numbers)));
    mustHold(whole.code === parts.code, "the chunks decide whether a stream is right");
    if (whole.value === undefined || parts.value === undefined) return;
    const [a, b] = [Buffer.concat(whole.value), Buffer.concat(parts.value)];
    mustHold(a.equals(b) && bytes.subarray(0, a.length).equals(a), "frames are not the stream's bytes");
  },
};

const cbor: FuzzTarget = {
  name: "CBOR decoder",
  examples: [
    ...sample(cborValue, { seed: 1, numRuns: 200 }).map((value) => encodeCbor(value)),
    end,
    volatile,
  ].concat(records.map((record) => Buffer.from(record))),
  cost: 1,
  check: (bytes) => {
    const decoded = parseWith(["protocol_broken"], () => decodeCbor(bytes, "protocol_broken"));
    const spans = parseWith(["run_damaged"], () => fieldSpans(bytes, "run_damaged"));
    if (decoded.value === undefined) {
      mustHold(spans.value === undefined, "the fast reader takes what the decoder refuses");
      return;
    }
    mustHold(
      encodeCbor(decoded.value).equals(bytes),
      "a value has another encoding than the one it came from",
    );
    JSON.stringify(cborToJson(decoded.value));
    mustHold((spans.value !== undefined) === (decoded.value.type === "map"), "the fast reader refuses a map");
  },
};

const recording: FuzzTarget = {
  name: "recording",
  examples: [stream, broken, stream.subarray(0, stream.length - end.length - 5)],
  cost: 4,
  check: (bytes, numbers) => {
    const live = new RolloutRecording(manifest);
    for (const chunk of cutAnywhere(bytes, numbers)) if (!live.push(chunk)) break;
    mustHold(live.broken === undefined || live.broken.code === "protocol_broken", "broken by another fault");
    live.rewardSum();
    // Whatever was taken can be read again, and has the digest it had.
    const blob = parseTrajectoryBlob(live.blob());
    const chain = new ChainBuilder(blob.manifest, "run_damaged");
    for (const one of framesOf(blob)) {
      if (one.type === "volatile") decodeVolatile(one.payload, "run_damaged");
      if (one.type !== "record") continue;
      decodeRecord(one.payload, "run_damaged");
      chain.add(one.payload);
    }
    mustHold(chain.digests().digest === live.digests().digest, "the stored digest is not the live one");
  },
};

const blob: FuzzTarget = {
  name: "stored trajectory",
  examples: [buildTrajectoryBlob(manifest, [stream]), buildTrajectoryBlob(Buffer.alloc(0), [broken])],
  cost: 2,
  check: (bytes) => {
    parseWith(["run_damaged"], () => {
      const parsed = parseTrajectoryBlob(bytes);
      const chain = new ChainBuilder(parsed.manifest, "run_damaged");
      for (const record of recordsOf(parsed)) {
        decodeRecord(record, "run_damaged");
        chain.add(record);
      }
      return chain.digests();
    });
  },
};

/** Everything about trajectories. */
export const streamTargets: readonly FuzzTarget[] = [frames, cbor, recording, blob];
