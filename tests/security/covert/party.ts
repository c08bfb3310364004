import { spawn } from "node:child_process";
import type { Socket } from "node:net";

import { defaultLimits, type Limits } from "../../../src/model/limits.ts";
import type { SandboxBackend } from "../../../src/sandbox/contract.ts";

/** One end of a channel, which answers one byte with one byte. */
export interface Party {
  ask(byte: string): Promise<string>;
  end(): Promise<void>;
}

/** Bytes that came, handed out in order. */
class Answers {
  readonly #waiting: PromiseWithResolvers<string>[] = [];
  #ready: string[] = [];
  #why: Error | undefined;

  push(data: Buffer): void {
    for (const byte of data.toString("latin1")) {
      const first = this.#waiting.shift();
      if (first === undefined) this.#ready.push(byte);
      else first.resolve(byte);
    }
  }

  close(why: string): void {
    this.#why = new Error(why);
    for (const each of this.#waiting.splice(0)) each.reject(this.#why);
  }

  async next(): Promise<string> {
    const ready = this.#ready.shift();
    if (ready !== undefined) return ready;
    if (this.#why !== undefined) throw this.#why;
    const waiting = Promise.withResolvers<string>();
    this.#waiting.push(waiting);
    return await waiting.promise;
  }
}

/** Both ends of a channel as sandboxes that run at one time, each in a slot of its own. */
export async function sandboxParties(
  backend: SandboxBackend,
  sources: readonly [writer: string, reader: string],
  limits: Partial<Limits> = {},
): Promise<[Party, Party]> {
  const parties: Party[] = [];
  for (const source of sources)
    parties.push(await sandboxParty(backend, source, { ...defaultLimits, ...limits }));
  return [parties[0]!, parties[1]!];
}

async function sandboxParty(backend: SandboxBackend, source: string, limits: Limits): Promise<Party> {
  const answers = new Answers();
  let complaint = "";
  const job = { entry: "script", name: "end.py", source, files: [], env: {} } as const;
  const [running] = await backend.start({
    members: [{ job, limits }],
    links: [],
    onOutput: (_member, channel, data) => {
      if (channel === "stream") answers.push(data);
      else complaint += data.toString();
    },
  });
  void running!.ended.then(() => answers.close(`an end is over: ${complaint}`));
  await answers.next();
  return {
    ask: async (byte) => {
      running!.send(Buffer.from(byte));
      return await answers.next();
    },
    end: async () => {
      running!.kill();
      await running!.ended;
    },
  };
}

/** How a plain process is started. */
export interface ProcessOptions {
  readonly python: string;
  /** Descriptor 0. */
  readonly input: number | "ignore";
}

/** One end of a channel as a plain process of this host. */
export async function processParty(source: string, options: ProcessOptions): Promise<Party> {
  const answers = new Answers();
  let complaint = "";
  const child = spawn(options.python, ["-c", source], {
    stdio: [options.input, "ignore", "pipe", "pipe"],
    cwd: "/",
  });
  const stream = child.stdio[3] as Socket;
  child.stderr!.on("data", (data: Buffer) => (complaint += data.toString()));
  stream.on("data", (data: Buffer) => answers.push(data));
  stream.on("error", () => {});
  const closed = new Promise<void>((resolve) => child.on("close", () => resolve()));
  void closed.then(() => answers.close(`an end is over: ${complaint}`));
  await answers.next();
  return {
    ask: async (byte) => {
      stream.write(byte);
      return await answers.next();
    },
    end: async () => {
      child.kill("SIGKILL");
      await closed;
    },
  };
}
