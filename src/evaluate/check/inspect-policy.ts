import { FrameDecoder } from "../../trajectory/frame-decoder.ts";
import { pythonLiteral } from "../../harness/python-literal.ts";
import { decodeCbor } from "../../model/cbor/decode.ts";
import { entryOf } from "../../model/cbor/value.ts";
import { type Limits, withoutNetwork } from "../../model/limits.ts";
import type { SandboxBackend } from "../../sandbox/contract.ts";

/** Which functions a policy defines. */
export interface PolicyInterface {
  /** The function that is called for moves: `choose_action` if both are defined. */
  readonly asked: "choose_action" | "act";
  /** Whether `init(seat, rng)` is called before the game. */
  readonly init: boolean;
}

const longestAnswer = 4096;

/**
 * Loads a policy in a sandbox of its own and asks what it defines. Undefined if it cannot be loaded, defines neither
 * function, or does not answer in that form: a game with it says why.
 * @throws `sandbox_failed` and the like
 */
export async function inspectPolicy(
  backend: SandboxBackend,
  policy: { readonly name: string; readonly source: string },
  limits: Limits,
  signal?: AbortSignal,
): Promise<PolicyInterface | undefined> {
  const path = `/tmp/policy/${policy.name}`;
  const source = [
    "# Sameseed harness, format 1.",
    "from sameseed.policy.policy_inspection import run",
    `run(path=${pythonLiteral(path)})`,
    "",
  ].join("\n");
  const answer: Buffer[] = [];
  let kept = 0;
  const [running] = await backend.start({
    members: [
      {
        job: {
          entry: "script",
          name: "inspection.py",
          source,
          files: [{ path, data: Buffer.from(policy.source) }],
          env: {},
        },
        limits: withoutNetwork(limits),
      },
    ],
    links: [],
    ...(signal === undefined ? {} : { signal }),
    onOutput: (_, channel, data) => {
      if (channel !== "stream" || kept > longestAnswer) return;
      answer.push(Buffer.from(data));
      kept += data.length;
    },
  });
  await running!.ended;
  return readInterface(Buffer.concat(answer));
}

/** Reads what a policy's sandbox answered; undefined for anything that is not of the form. */
export function readInterface(bytes: Buffer): PolicyInterface | undefined {
  try {
    const frames = new FrameDecoder({ maxBytes: longestAnswer }).push(bytes);
    if (frames.length !== 1 || frames[0]!.type !== "end") return undefined;
    const found = decodeCbor(frames[0]!.payload, "protocol_broken");
    if (found.type !== "map") return undefined;
    const has = (name: string): boolean => {
      const value = entryOf(found.entries, name);
      return value?.type === "bool" && value.value;
    };
    if (!has("choose_action") && !has("act")) return undefined;
    return { asked: has("choose_action") ? "choose_action" : "act", init: has("init") };
  } catch {
    return undefined;
  }
}
