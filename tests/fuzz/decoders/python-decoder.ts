import { spawn, type ChildProcess } from "node:child_process";

import { imagePython } from "../../unit/python/image-python.ts";

/** What the Python decoder said in one profile: it refused (null), or a value's description, or what must not happen. */
export type PythonVerdict = string | null | { readonly raised: string };

/** What it said in each profile. */
export type PythonVerdicts = Readonly<Record<"chain" | "volatile" | "plain", PythonVerdict>>;

/** The Python decoder in a process that answers one question after the other. */
export class PythonDecoder {
  #child: ChildProcess | undefined;
  #starting: Promise<ChildProcess> | undefined;
  #received: Buffer = Buffer.alloc(0);
  #waiting: PromiseWithResolvers<PythonVerdicts> | undefined;
  /** How the process ended, once it has. */
  #ended: Error | undefined;

  /** Decodes some bytes. */
  async ask(bytes: Uint8Array): Promise<PythonVerdicts> {
    this.#starting ??= this.#start();
    const { stdin } = await this.#starting;
    if (this.#ended !== undefined) throw this.#ended;
    this.#waiting = Promise.withResolvers<PythonVerdicts>();
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    stdin!.write(Buffer.concat([length, bytes]));
    return await this.#waiting.promise;
  }

  /** Ends the process. */
  close(): void {
    this.#child?.kill("SIGKILL");
  }

  async #start(): Promise<ChildProcess> {
    // A thread of OpenBLAS that starts late takes its 40 MiB out of the room that the server leaves itself, and dies.
    const variables = { OPENBLAS_NUM_THREADS: "1" };
    const { path, args } = await imagePython(["/tmp/tests/fuzz/decoders/decode_server.py"], variables);
    const child = spawn(path, args, { stdio: ["pipe", "pipe", "inherit"] });
    child.stdout.on("data", (chunk: Buffer) => this.#take(chunk));
    child.on("exit", (code, signal) => {
      this.#ended = new Error(`the Python decoder ended with ${signal ?? code}`);
      this.#waiting?.reject(this.#ended);
    });
    child.stdin.on("error", () => {});
    this.#child = child;
    return child;
  }

  #take(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    if (this.#received.length < 4) return;
    const length = this.#received.readUInt32LE(0);
    if (this.#received.length < 4 + length) return;
    const reply = this.#received.subarray(4, 4 + length).toString();
    this.#received = this.#received.subarray(4 + length);
    this.#waiting?.resolve(JSON.parse(reply) as PythonVerdicts);
  }
}
