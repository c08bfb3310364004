import { SameseedError } from "../base/error.ts";
import type { AgentSession } from "./agent/agent-session.ts";
import { Command, type CommandOutputPlan } from "./command.ts";
import type { CommandOptions, CommandResult } from "./command-types.ts";

/** What `python/sameseed/agent/tree.py` exits with where other processes are alive. */
const exitBusy = 9;

/**
 * Everything below the writable folders of a sandbox as one archive.
 * @param most refuses a longer one
 * @param take gets its parts as they come; where it is left out, they are in the answer
 * @throws `not_copyable` while a process is alive there, `sandbox_file`, `aborted`, `sandbox_closed`, `sandbox_ended`
 */
export async function packTree(
  session: AgentSession,
  most: number,
  signal?: AbortSignal,
  take?: (part: Buffer) => void,
): Promise<Buffer> {
  const ended = await runTree(session, "pack", { most, signal, take });
  if (ended.outputTruncated)
    throw new SameseedError("sandbox_file", `the sandbox's files have more than ${most} bytes`, {
      hint: "remove what is not needed",
      context: { most },
    });
  if (ended.exitCode === exitBusy)
    throw new SameseedError(
      "not_copyable",
      "processes are alive in the sandbox, and only files can be copied",
      {
        hint: "end them, or wait until they have ended, and ask again",
      },
    );
  check(ended);
  return ended.stdout;
}

/**
 * Makes what an archive of {@link packTree} holds.
 * @throws `sandbox_file` where there is no room for it, or it is no such archive; `aborted`, `sandbox_closed`, `sandbox_ended`
 */
export async function unpackTree(
  session: AgentSession,
  archive: Uint8Array | AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<void> {
  check(await runTree(session, "unpack", { most: session.outputBytes, input: archive, signal }));
}

async function runTree(
  session: AgentSession,
  what: "pack" | "unpack",
  {
    most,
    input = "",
    signal,
    take,
  }: {
    readonly most: number;
    readonly input?: NonNullable<CommandOptions["input"]>;
    readonly signal: AbortSignal | undefined;
    readonly take?: ((part: Buffer) => void) | undefined;
  },
): Promise<CommandResult> {
  session.checkUsable();
  if (signal?.aborted === true) throw new SameseedError("aborted", "the call on the files was aborted");
  // Isolated from the sandbox's variables and folders: they may name modules of their own.
  const args = ["-I", "-m", "sameseed.agent.tree", what];
  const options = {
    args,
    input,
    ...(signal === undefined ? {} : { signal }),
    ...(take === undefined ? {} : { onStdout: take }),
  };
  const output: CommandOutputPlan = { most, passed: take === undefined ? [] : ["stdout"] };
  return await new Command(session, "/opt/python/bin/python3", options, false, output).wait();
}

const hints: readonly (readonly [RegExp, string])[] = [
  [/No space left|Cannot allocate/, "give the sandbox more room with `diskMb` and `memoryMb`"],
  [
    /No module named/,
    "the image is older than this version: build it anew, the default one with `sameseed setup`",
  ],
];

function check({ exitCode, sandboxEnded, stderrText }: CommandResult): void {
  if (exitCode === 0) return;
  if (sandboxEnded !== null)
    throw new SameseedError("sandbox_ended", "the sandbox ended while its files were copied", {
      context: { cause: sandboxEnded },
      hint: "give it more memory or time",
    });
  const said = stderrText.trim().split("\n").at(-1) ?? "";
  const hint = hints.find(([words]) => words.test(said))?.[1];
  const message = `the files cannot be copied: ${said.slice(0, 300)}`;
  throw new SameseedError("sandbox_file", message, hint === undefined ? {} : { hint });
}
