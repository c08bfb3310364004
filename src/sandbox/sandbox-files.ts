import * as z from "zod";

import { SameseedError } from "../base/error.ts";
import type { NamesOf } from "../base/known-options.ts";
import {
  agentErrorSchema,
  parseAgentJson,
  type AgentFailure,
  type AgentRequest,
} from "./agent/agent-client.ts";
import type { AgentSession } from "./agent/agent-session.ts";
import type { AgentMessageName } from "./agent/wire.ts";
import { bytesToWrite, checkBytes, checkFileOptions, checkPath } from "./file-options.ts";
import { packTree, unpackTree } from "./sandbox-tree.ts";

/** One entry of a directory. */
export interface SandboxFileEntry {
  /** The base name. A byte that is not UTF-8 is shown as a lone surrogate, which refers to the same file when passed back. */
  readonly name: string;
  readonly type: "file" | "directory" | "link" | "other";
  readonly sizeBytes: number;
  /** Permission bits. */
  readonly mode: number;
}

/** Options of every file call. */
export interface FileCallOptions {
  /** Ends the call with `aborted`. */
  readonly signal?: AbortSignal;
}

const callNames: NamesOf<FileCallOptions> = { signal: true };

/** The most bytes {@link SandboxFiles.read} gives back when it is not told otherwise: 256 MiB. */
const defaultMaxBytes = 256 * 1024 * 1024;
/** The most bytes of names and facts one directory may have. */
const listBytesMax = 128 * 1024 * 1024;

const entriesSchema: z.ZodType<SandboxFileEntry[]> = z.array(
  z.object({
    name: z.string(),
    type: z.enum(["file", "directory", "link", "other"]),
    sizeBytes: z.int(),
    mode: z.int(),
  }),
);

/**
 * A sandbox's files, accessed with the rights of its programs: `/tmp` and `/dev/shm` are writable, the rest is the
 * read-only image. Relative paths start at `/tmp`. Links are followed.
 */
export class SandboxFiles {
  readonly #session: AgentSession;

  constructor(session: AgentSession) {
    this.#session = session;
  }

  /**
   * Reads a regular file.
   * @param options.maxBytes refuses a longer one. @default 256 MiB
   * @throws `sandbox_file` where there is none, it cannot be read, or it is too long; `aborted`, `sandbox_closed`, `sandbox_ended`
   */
  async read(path: string, options: FileCallOptions & { readonly maxBytes?: number } = {}): Promise<Buffer> {
    checkFileOptions(options, { ...callNames, maxBytes: true }, "files.read");
    return await this.#collect("read", path, options.maxBytes ?? defaultMaxBytes, options.signal);
  }

  /** Reads a regular file as UTF-8. @throws as {@link read} */
  async readText(
    path: string,
    options: FileCallOptions & { readonly maxBytes?: number } = {},
  ): Promise<string> {
    return (await this.read(path, options)).toString();
  }

  /**
   * Writes a file, replacing what it held, and makes the folders above it. A call that fails can leave a part.
   * @param options.mode its permission bits. @default 0o644
   * @throws `bad_argument` where the data is neither text nor bytes; `sandbox_file` where it cannot be written or the disk
   * is full; `aborted`, `sandbox_closed`, `sandbox_ended`
   */
  async write(
    path: string,
    data: string | Uint8Array,
    options: FileCallOptions & { readonly mode?: number } = {},
  ): Promise<void> {
    checkFileOptions(options, { ...callNames, mode: true }, "files.write");
    const bytes = bytesToWrite(data, "files.write");
    const payload = { path: checkPath(path), mode: options.mode ?? 0o644 };
    const call = this.#call("open", path, payload, options.signal);
    void call.request
      .sendBytes("data", bytes)
      .then(() => call.request.sendAfterBytes("close"))
      .catch((error: unknown) => call.refuse(error));
    await call.done;
  }

  /**
   * Lists a directory, sorted by the bytes of the names.
   * @throws `sandbox_file` where there is none; `aborted`, `sandbox_closed`, `sandbox_ended`
   */
  async list(path: string, options: FileCallOptions = {}): Promise<SandboxFileEntry[]> {
    checkFileOptions(options, callNames, "files.list");
    const found: SandboxFileEntry[] = [];
    const parts = await this.#collectParts("list", path, listBytesMax, options.signal);
    for (const part of parts) found.push(...parseAgentJson(entriesSchema, part));
    return found;
  }

  /**
   * Removes a file, a link, or a directory.
   * @param options.recursive removes a directory with everything in it. @default false: it must be empty
   * @throws `sandbox_file` where there is none or it cannot be removed; `aborted`, `sandbox_closed`, `sandbox_ended`
   */
  async remove(
    path: string,
    options: FileCallOptions & { readonly recursive?: boolean } = {},
  ): Promise<void> {
    checkFileOptions(options, { ...callNames, recursive: true }, "files.remove");
    const payload = { path: checkPath(path), recursive: options.recursive ?? false };
    await this.#call("remove", path, payload, options.signal).done;
  }

  /**
   * Packs everything below `/tmp` and `/dev/shm`, with modes, times and links, into one archive that {@link unpack} takes.
   * Processes are not copied, and none may be alive. The same files give the same bytes.
   * @param options.maxBytes refuses a longer one. @default 256 MiB
   * @throws `not_copyable` while a process is alive; `sandbox_file`, `aborted`, `sandbox_closed`, `sandbox_ended`
   */
  async pack(options: FileCallOptions & { readonly maxBytes?: number } = {}): Promise<Buffer> {
    checkFileOptions(options, { ...callNames, maxBytes: true }, "files.pack");
    return await packTree(this.#session, options.maxBytes ?? defaultMaxBytes, options.signal);
  }

  /**
   * Makes what an archive of {@link pack} holds, over what is there.
   * @throws `sandbox_file` where it is no archive, or there is no room; `aborted`, `sandbox_closed`, `sandbox_ended`
   */
  async unpack(archive: Uint8Array, options: FileCallOptions = {}): Promise<void> {
    checkFileOptions(options, callNames, "files.unpack");
    checkBytes(archive, "files.unpack takes an archive's bytes");
    await unpackTree(this.#session, archive, options.signal);
  }

  async #collect(name: "read", path: string, most: number, signal: AbortSignal | undefined): Promise<Buffer> {
    return Buffer.concat(await this.#collectParts(name, path, most, signal));
  }

  async #collectParts(
    name: "read" | "list",
    path: string,
    most: number,
    signal: AbortSignal | undefined,
  ): Promise<Buffer[]> {
    const parts: Buffer[] = [];
    let bytes = 0;
    const call = this.#call(name, path, { path: checkPath(path) }, signal, (part) => {
      bytes += part.length;
      if (bytes <= most) parts.push(Buffer.from(part));
      else
        call.refuse(
          new SameseedError("sandbox_file", `${path} has more than ${most} bytes`, {
            context: { path, most },
          }),
        );
    });
    await call.done;
    return parts;
  }

  #call(
    name: AgentMessageName,
    path: string,
    payload: unknown,
    signal: AbortSignal | undefined,
    onData: (part: Buffer) => void = () => {},
  ): FileCall {
    this.#session.checkUsable();
    if (signal?.aborted === true) throw aborted(path);
    return new FileCall(this.#session, name, path, payload, signal, onData);
  }
}

/** One file request until it is answered. */
class FileCall {
  readonly done: Promise<void>;
  readonly request: AgentRequest;
  readonly #answer: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #session: AgentSession;
  readonly #path: string;
  readonly #signal: AbortSignal | undefined;
  readonly #onData: (part: Buffer) => void;
  #refusal: unknown;

  constructor(
    session: AgentSession,
    name: AgentMessageName,
    path: string,
    payload: unknown,
    signal: AbortSignal | undefined,
    onData: (part: Buffer) => void,
  ) {
    this.#session = session;
    this.#path = path;
    this.#signal = signal;
    this.#onData = onData;
    this.done = this.#answer.promise;
    session.hold();
    signal?.addEventListener("abort", this.#abort, { once: true });
    this.request = session.client.request(name, payload, {
      onMessage: (answer, body) => this.#receive(answer, body),
      onLost: () => void session.whenOver().then(() => this.#settle(this.#refusal ?? session.refusal())),
    });
  }

  /** Stops the agent's work; the call fails with this once the agent has stopped. */
  refuse(reason: unknown): void {
    if (this.#refusal !== undefined) return;
    this.#refusal = reason;
    this.request.send("cancel", Buffer.alloc(0));
  }

  readonly #abort = (): void => this.refuse(aborted(this.#path));

  #receive(name: AgentMessageName, body: Buffer): void {
    if (name === "data" && this.#refusal === undefined) this.#onData(body);
    else if (name === "done") this.#settle(this.#refusal);
    else if (name === "error")
      this.#settle(this.#refusal ?? fileError(this.#path, parseAgentJson(agentErrorSchema, body)));
  }

  #settle(error: unknown): void {
    this.request.finish();
    this.#signal?.removeEventListener("abort", this.#abort);
    this.#session.release();
    if (error === undefined) this.#answer.resolve();
    else this.#answer.reject(error);
  }
}

function aborted(path: string): SameseedError {
  return new SameseedError("aborted", `the call on ${path} was aborted`);
}

function fileError(path: string, { errno, message }: AgentFailure): SameseedError {
  return new SameseedError("sandbox_file", `${path}: ${message}`, {
    context: { path, errno },
    ...(errno === "ENOSPC" || errno === "EFBIG"
      ? { hint: "give the sandbox more room with `diskMb`" }
      : errno === "EROFS"
        ? { hint: "only /tmp and /dev/shm can be written" }
        : {}),
  });
}
