import { defaultLimits, type Limits } from "../src/model/limits.ts";
import type { WorldMode } from "../src/model/receipt.ts";
import type {
  BranchPlan,
  OutputChannel,
  RunningSandbox,
  SandboxBackend,
  SandboxTree,
} from "../src/sandbox/contract.ts";
import { sealedSettings } from "../src/sandbox/world-settings.ts";

/** A sandbox whose job answers each message with one line, and what it said. */
export class Talk {
  readonly lines: string[] = [];
  text = "";
  #rest = "";
  #waiters: (() => void)[] = [];
  sandbox!: RunningSandbox;

  readonly onOutput = (channel: OutputChannel, data: Buffer): void => {
    if (channel !== "stream") {
      this.text += data.toString();
      return;
    }
    const [last, ...whole] = (this.#rest + data.toString()).split("\n").toReversed();
    this.#rest = last!;
    this.lines.push(...whole.toReversed());
    for (const waiter of this.#waiters.splice(0)) waiter();
  };

  /** Sends one message, and waits for its answer. */
  async ask(text: string): Promise<string> {
    const at = this.lines.length;
    this.sandbox.send(encodeMessage(text));
    while (this.lines.length <= at) {
      const heard = new Promise<void>((resolve) => this.#waiters.push(resolve));
      const ended = this.sandbox.ended.then((end) => {
        if (this.lines.length > at) return;
        throw new Error(`it ended (${JSON.stringify(end)}) and said: ${this.text}`);
      });
      ended.catch(() => {});
      await Promise.race([heard, ended]);
    }
    return this.lines[at]!;
  }
}

/** A message as `_zygote.await_message` reads it. */
export function encodeMessage(text: string): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32LE(Buffer.byteLength(text));
  head.writeUInt8(0x41, 4);
  return Buffer.concat([head, Buffer.from(text)]);
}

/** Python that executes each message in one name space, and answers with the `repr` of what it left in `said`. */
export const obedient = `
import os, sys, traceback
from sameseed import _zygote
space = {"said": None}
while (message := _zygote.await_message(3, 1 << 20)) is not None:
    space["said"] = None
    try:
        exec(message[1].decode(), space)
    except BaseException as error:
        space["said"] = f"{type(error).__name__}: {error}"
    os.write(3, (repr(space["said"]) + "\\n").encode())
`;

/** A tree, and its trunk. */
export interface Opened {
  readonly tree: SandboxTree;
  readonly trunk: Talk;
}

/** Opens a tree with a job that is to be talked to. */
export async function openTree(
  backend: SandboxBackend,
  world: WorldMode = "host",
  limits: Partial<Limits> = {},
  source: string = obedient,
): Promise<Opened> {
  const trunk = new Talk();
  const sealed = world === "sealed" ? { world: sealedSettings("referee", 7) } : {};
  const tree = await backend.openTree!({
    job: { entry: "script", name: "obedient.py", source, files: [], env: {}, ...sealed },
    limits: { ...defaultLimits, ...limits },
    onOutput: trunk.onOutput,
  });
  trunk.sandbox = tree.trunk;
  return { tree, trunk };
}

/** Something that starts with a plan, such as a branch. */
export async function talkTo(
  start: (plan: BranchPlan) => Promise<RunningSandbox>,
  limits: Partial<Limits> = {},
): Promise<Talk> {
  const talk = new Talk();
  talk.sandbox = await start({ limits: { ...defaultLimits, ...limits }, onOutput: talk.onOutput });
  return talk;
}

/** The same job in an ordinary sandbox. */
export async function talkAlone(
  backend: SandboxBackend,
  world: WorldMode,
  source: string = obedient,
): Promise<Talk> {
  const talk = new Talk();
  const sealed = world === "sealed" ? { world: sealedSettings("referee", 7) } : {};
  const [sandbox] = await backend.start({
    members: [
      {
        job: { entry: "script", name: "obedient.py", source, files: [], env: {}, ...sealed },
        limits: defaultLimits,
      },
    ],
    links: [],
    onOutput: (_member, channel, data) => talk.onOutput(channel, data),
  });
  talk.sandbox = sandbox!;
  return talk;
}
