import { FirstBytes, LastBytes } from "../../base/kept-bytes.ts";
import type { SandboxStarter } from "../../rollout/run-group.ts";
import type { ProgramStdio, StdioText } from "../../model/stdio.ts";

/** Of what a stream has beyond twice this, the middle is left out. */
const endBytes = 64 * 1024;

/** Takes what the sandboxes of a rollout write, program by program. */
export class StdioTaker {
  readonly #programs = new Map<number, Readonly<Record<"stdout" | "stderr", BothEnds>>>();

  /** Starts what `backend` starts, and listens to it. */
  listeningTo(backend: SandboxStarter): SandboxStarter {
    return {
      start: async (group) =>
        await backend.start({
          ...group,
          onOutput: (member, channel, data) => {
            if (channel !== "stream") this.#of(member)[channel].push(data);
            group.onOutput(member, channel, data);
          },
        }),
    };
  }

  /** What was written. @param seats those whose policies are the sandboxes after the first */
  programs(seats: readonly string[]): ProgramStdio[] {
    return [null, ...seats].map((seat, member) => {
      const { stdout, stderr } = this.#of(member);
      return { seat, stdout: stdout.told, stderr: stderr.told };
    });
  }

  #of(member: number): Readonly<Record<"stdout" | "stderr", BothEnds>> {
    let own = this.#programs.get(member);
    if (own === undefined)
      this.#programs.set(member, (own = { stdout: new BothEnds(), stderr: new BothEnds() }));
    return own;
  }
}

/** The beginning and the end of a stream. */
class BothEnds {
  readonly #first = new FirstBytes(endBytes);
  readonly #last = new LastBytes(endBytes);
  #bytes = 0;

  push(data: Uint8Array): void {
    const room = Math.max(0, endBytes - this.#bytes);
    this.#bytes += data.length;
    this.#first.push(data);
    if (data.length > room) this.#last.push(data.subarray(room));
  }

  get told(): StdioText {
    const bytes = this.#bytes;
    if (bytes > 2 * endBytes) return { bytes, text: this.#first.text, tail: this.#last.text };
    return { bytes, text: Buffer.concat([this.#first.bytes, this.#last.bytes]).toString() };
  }
}
