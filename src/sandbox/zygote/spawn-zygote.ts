import { spawn, type ChildProcess } from "node:child_process";
import type { Socket } from "node:net";

import type { SameseedError } from "../../base/error.ts";
import { LastBytes } from "../../base/kept-bytes.ts";
import type { NetworkMode } from "../../model/limits.ts";
import type { WorldMode } from "../../model/receipt.ts";
import { hostRefusal } from "../host-refusal.ts";
import type { CgroupArea } from "../linux/cgroups.ts";
import type { ZygoteIds } from "../linux/host-ids.ts";
import type { Filters } from "../linux/host-resources.ts";
import { startIdMapper, type IdMapper } from "../linux/id-mapper.ts";
import { bubblewrapArguments } from "./bubblewrap-arguments.ts";
import { MessageReader } from "./message-reader.ts";
import { decodeReady, encodeConfig, messages, type WireReady } from "./wire.ts";

/** What a zygote is started from. */
export interface ZygoteOptions {
  readonly bubblewrap: string;
  readonly rootfs: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Which devices there are. @default "host" */
  readonly world?: WorldMode;
  /** The most slots it may ever be asked for. */
  readonly slots: number;
  readonly filters: Readonly<Record<keyof Filters, Uint8Array>>;
  /** Whether it is the zygote of a tree: its sandboxes may be copied. @default false */
  readonly tree?: boolean;
  /** Whether its sandboxes may have a network of their own. @default "none" */
  readonly network?: NetworkMode;
  /** What it and its slots run as. */
  readonly ids: ZygoteIds;
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
  /** Takes the streams of sandboxes whose slots do not carry them. */
  onDirect: (slot: number, run: number, stream: Socket) => void;
}

/** How long a zygote whose streams are closed may take to be reported dead. */
const exitGraceMs = 1000;

/** Starts bubblewrap with a zygote inside, and what gives it its ids where it waits for some. */
function spawnOuterWall(options: ZygoteOptions): { child: ChildProcess; mapper: IdMapper | undefined } {
  const { user, group, map } = options.ids;
  const streams: ("pipe" | "ipc")[] = Array<"pipe">(1 + options.slots).fill("pipe");
  // What comes of a tree runs environment code: nothing there may speak Node's own protocol.
  if (options.tree !== true) streams.push("ipc");
  // After the slots' streams, so that these keep their places.
  const info = controlStream + streams.length;
  const pipes = map === undefined ? undefined : { info, block: info + 1 };
  const { rootfs, environment, world, network } = options;
  const args = bubblewrapArguments(rootfs, environment, world, undefined, pipes, network);
  let mapper: IdMapper | undefined;
  try {
    mapper = map === undefined ? undefined : startIdMapper(map);
    const child = spawn(options.bubblewrap, args, {
      stdio: [
        "ignore",
        "pipe",
        "pipe",
        ...streams,
        ...(mapper === undefined ? [] : [mapper.info, "pipe" as const]),
      ],
      env: {},
      cwd: "/",
      ...(user === undefined ? {} : { uid: user }),
      ...(group === undefined ? {} : { gid: group }),
    });
    // Where descriptors have run out there are no streams either, and the reason comes as an event.
    if ((child.stdio as unknown) === undefined) {
      child.on("error", () => {});
      throw new Error("EMFILE");
    }
    child.channel?.unref();
    return { child, mapper };
  } catch (error) {
    throw hostRefusal(String(error));
  } finally {
    mapper?.handOver();
  }
}

/**
 * Starts the outer wall with a zygote in it.
 * @throws `zygote_failed` where this process cannot start another
 */
export function spawnZygote(options: ZygoteOptions): SpawnedZygote {
  const { child, mapper } = spawnOuterWall(options);
  const exited = Promise.withResolvers<SameseedError>();
  child.on("error", (error) => exited.resolve(hostRefusal(error.message)));
  mapper?.given.then(
    () => void (child.stdio.at(-1) as Socket).end("\n"),
    (error: SameseedError) => {
      exited.resolve(error);
      child.kill("SIGKILL");
    },
  );
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
    onDirect: (_slot, _run, stream) => stream.destroy(),
  };
  child.on("message", (message, stream) => {
    const { slot, run } = message as { readonly slot: number; readonly run: number };
    if (stream !== undefined) spawned.onDirect(slot, run, stream as Socket);
  });
  const reader = new MessageReader((type, _channel, body) => {
    if (type === messages.ready) {
      mapper?.finish();
      ready.resolve(decodeReady(body));
    } else if (type === messages.error) said.push(Buffer.concat([Buffer.from("\n"), body]));
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
  for (const stream of child.stdio.slice(controlStream)) (stream as Socket | null)?.on("error", () => {});
  const flags = {
    allowBare: options.allowBare ?? false,
    ownIds: mapper !== undefined,
    tree: options.tree ?? false,
    direct: options.tree !== true,
  };
  const { slot, treeSlot, sandbox, branch } = options.filters;
  const filters = options.tree === true ? ([treeSlot, branch] as const) : ([slot, sandbox] as const);
  control.write(encodeConfig(options.slots, flags, ...filters));
  return spawned;
}
