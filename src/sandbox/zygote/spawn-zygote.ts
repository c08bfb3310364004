import { spawn, type ChildProcess } from "node:child_process";
import type { Socket } from "node:net";

import type { SameseedError } from "../../base/error.ts";
import { LastBytes } from "../../base/kept-bytes.ts";
import type { WorldMode } from "../../model/receipt.ts";
import { hostRefusal } from "../host-refusal.ts";
import type { CgroupArea } from "../linux/cgroups.ts";
import { bubblewrapArguments } from "./bubblewrap-arguments.ts";
import { decodeReady, encodeConfig, MessageReader, messages, type WireReady } from "./wire.ts";

/** What a zygote is started from. */
export interface ZygoteOptions {
  readonly bubblewrap: string;
  readonly rootfs: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Which devices there are. @default "host" */
  readonly world?: WorldMode;
  /** The most slots it may ever be asked for. */
  readonly slots: number;
  readonly filters: { readonly slot: Uint8Array; readonly sandbox: Uint8Array };
  /** The id everything sandboxed runs as, where this process is root; else its own. */
  readonly user: number | undefined;
  readonly cgroups: CgroupArea | undefined;
  /** Lets sandboxes be started without a wall, to measure what the wall costs. Benchmarks only. */
  readonly allowBare?: boolean;
}

/** How much of the end of what a zygote says is kept. */
const saidBytesMost = 4000;

/** The descriptor of the zygote's own stream; those of its slots follow. */
export const controlStream = 3;

/** A zygote's outer wall from its start on, before anything is known of it. */
export interface SpawnedZygote {
  readonly child: ChildProcess;
  readonly control: Socket;
  /** Resolves when it is warm. */
  readonly ready: Promise<WireReady>;
  /** Resolves when it is gone, with why. */
  readonly exited: Promise<SameseedError>;
  /** Takes what it says once it is warm. */
  onMessage: (type: number, body: Buffer) => void;
}

/** How long a zygote whose streams are closed may take to be reported dead. */
const exitGraceMs = 1000;

/**
 * Starts the outer wall with a zygote in it.
 * @throws `zygote_failed` where this process cannot start another
 */
export function spawnZygote(options: ZygoteOptions): SpawnedZygote {
  const args = bubblewrapArguments(options.rootfs, options.environment, options.world);
  let child: ChildProcess;
  try {
    child = spawn(options.bubblewrap, args, {
      stdio: ["ignore", "pipe", "pipe", ...Array<"pipe">(1 + options.slots).fill("pipe")],
      env: {},
      cwd: "/",
      ...(options.user === undefined ? {} : { uid: options.user, gid: options.user }),
    });
  } catch (error) {
    throw hostRefusal(String(error));
  }
  const exited = Promise.withResolvers<SameseedError>();
  child.on("error", (error) => exited.resolve(hostRefusal(error.message)));
  // Where descriptors have run out there are no streams either, and the reason comes as that event.
  if ((child.stdio as unknown) === undefined) throw hostRefusal("EMFILE");
  const control = child.stdio[controlStream] as Socket;
  const ready = Promise.withResolvers<WireReady>();
  ready.promise.catch(() => {});
  const said = new LastBytes(saidBytesMost);
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => said.push(chunk));
  }
  child.on("close", (code, signal) => exited.resolve(hostRefusal(said.text.trim(), { code, signal })));
  // Its streams may be held open a moment longer by what it leaves behind; what it said last is there by then.
  child.on("exit", (code, signal) =>
    setImmediate(() => exited.resolve(hostRefusal(said.text.trim(), { code, signal }))),
  );
  const spawned: SpawnedZygote = {
    child,
    control,
    ready: ready.promise,
    exited: exited.promise,
    onMessage: () => {},
  };
  const reader = new MessageReader((type, _channel, body) => {
    if (type === messages.ready) ready.resolve(decodeReady(body));
    else if (type === messages.error) said.push(Buffer.concat([Buffer.from("\n"), body]));
    else spawned.onMessage(type, body);
  });
  control.on("data", (chunk: Buffer) => reader.push(chunk));
  // The zygote is dead. Nothing else may keep this process running now, but somebody may wait for a sandbox's end; and an
  // outer wall that something has stopped would never say so.
  control.on("close", () => {
    child.ref();
    const timer = setTimeout(() => child.kill("SIGKILL"), exitGraceMs);
    child.once("exit", () => clearTimeout(timer));
  });
  for (const stream of child.stdio.slice(controlStream)) (stream as Socket).on("error", () => {});
  control.write(
    encodeConfig(options.slots, options.allowBare ?? false, options.filters.slot, options.filters.sandbox),
  );
  return spawned;
}
