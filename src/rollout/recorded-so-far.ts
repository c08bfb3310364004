import { fieldSpans } from "../model/cbor/field-spans.ts";
import { recordKind } from "../trajectory/records.ts";
import type { RolloutRecording } from "../trajectory/rollout-recording.ts";

/** What is recorded of a rollout that is not over. */
export interface RecordedSoFar {
  /** The manifest's bytes. */
  readonly manifest: Uint8Array;
  /** The actions of its own steps, as they are encoded. */
  readonly actions: readonly Uint8Array[];
  /** The last links of its chains. */
  readonly chain: string;
  readonly content: string;
}

const headBytes = 5;
const recordType = 1;

/** Reads the actions of a recording that grows; each frame is looked at once. */
export class RecordingReader {
  readonly #recording: RolloutRecording;
  readonly #actions: Uint8Array[] = [];
  #looked = 0;

  constructor(recording: RolloutRecording) {
    this.#recording = recording;
  }

  look(): RecordedSoFar {
    const fresh = this.#recording.framesFrom(this.#looked);
    this.#looked += fresh.length;
    for (const frame of fresh) {
      const action = frame[0] === recordType ? actionOf(frame.subarray(headBytes)) : undefined;
      if (action !== undefined) this.#actions.push(action);
    }
    const { digest: chain, contentDigest: content } = this.#recording.digests();
    return { manifest: this.#recording.manifest, actions: this.#actions.slice(), chain, content };
  }
}

/** The encoded action of a step's record; undefined for another. */
function actionOf(record: Uint8Array): Uint8Array | undefined {
  const spans = fieldSpans(record, "run_damaged");
  if (recordKind(spans) !== "step") return undefined;
  const span = spans.find(({ name }) => name === "action")!;
  return Uint8Array.from(record.subarray(span.start, span.end));
}
