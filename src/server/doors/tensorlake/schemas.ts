import * as z from "zod";

import { defaultImageName } from "../../../image/default-image.ts";
import { maxLimitMs } from "../../../model/limits.ts";
import { notOffered } from "./protocol-errors.ts";

/** For how long a sandbox lives where its client does not say, in seconds. */
const defaultSecs = 600;
const defaultMemoryMb = 1024;

type Maybe<T> = T | null | undefined;

/** A request for a sandbox. Fields that are not known are passed over: later clients have more of them. */
export interface MachineBody {
  readonly image?: Maybe<string>;
  readonly resources?: Maybe<{
    readonly cpus?: Maybe<number>;
    readonly memory_mb?: Maybe<number>;
    readonly disk_mb?: Maybe<number>;
    readonly ephemeral_disk_mb?: Maybe<number>;
    readonly gpus?: Maybe<unknown[]>;
  }>;
  readonly timeout_secs?: Maybe<number>;
  readonly entrypoint?: Maybe<string[]>;
  readonly network?: Maybe<{ readonly allow_out?: Maybe<string[]> }>;
  readonly snapshot_id?: Maybe<string>;
  readonly name?: Maybe<string>;
  readonly file_systems?: Maybe<unknown[]>;
  readonly exposed_ports?: Maybe<unknown[]>;
  readonly max_pending_secs?: Maybe<number>;
}

const machineFields = {
  image: z.string().nullish(),
  resources: z
    .object({
      cpus: z.number().positive().nullish(),
      memory_mb: z.int().positive().nullish(),
      disk_mb: z.int().positive().nullish(),
      ephemeral_disk_mb: z.int().positive().nullish(),
      gpus: z.array(z.unknown()).nullish(),
    })
    .nullish(),
  timeout_secs: z
    .number()
    .min(0)
    .max(maxLimitMs / 1000)
    .nullish(),
  entrypoint: z.array(z.string()).nullish(),
  network: z.object({ allow_out: z.array(z.string()).nullish() }).nullish(),
  snapshot_id: z.string().nullish(),
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,61}[a-z0-9]$|^[a-z]$/, "a name is of a-z, 0-9 and -, and begins with a letter")
    .nullish(),
  file_systems: z.array(z.unknown()).nullish(),
  exposed_ports: z.array(z.unknown()).nullish(),
  max_pending_secs: z.number().min(0).nullish(),
};

/** Reads a {@link MachineBody}. */
export const machineSchema: z.ZodType<MachineBody> = z.object(machineFields);

/** A sandbox or a pool as it was asked for, with every default in place. */
export interface MachineRequest {
  readonly image: string;
  readonly memoryMb: number;
  readonly diskMb: number;
  /** 0: as long as a sandbox may live. */
  readonly timeoutSecs: number;
  readonly name: string | undefined;
  readonly snapshotId: string | undefined;
  readonly poolId: string | undefined;
  readonly pendingSecs: number | undefined;
}

/** What a sandbox has where its request says nothing: a snapshot's, or the server's. */
export type Inherited = Pick<MachineRequest, "image" | "memoryMb" | "diskMb">;

/**
 * Puts in the defaults.
 * @param inherited what the snapshot was taken of
 * @throws what is not offered
 */
export function machineRequest(body: MachineBody, inherited?: Inherited): MachineRequest {
  refuse(body);
  const { resources } = body;
  const memoryMb = resources?.memory_mb ?? inherited?.memoryMb ?? defaultMemoryMb;
  // Files are in memory, and count against it: more room than that is none.
  const disk = resources?.disk_mb ?? resources?.ephemeral_disk_mb ?? inherited?.diskMb ?? memoryMb / 2;
  return {
    image: body.image ?? inherited?.image ?? defaultImageName,
    memoryMb,
    diskMb: Math.max(1, Math.floor(Math.min(disk, memoryMb))),
    timeoutSecs: body.timeout_secs ?? defaultSecs,
    name: body.name ?? undefined,
    snapshotId: body.snapshot_id ?? undefined,
    poolId: undefined,
    pendingSecs: body.max_pending_secs ?? undefined,
  };
}

/** @throws what is not offered */
function refuse(body: MachineBody): void {
  if ((body.resources?.gpus ?? []).length > 0) throw notOffered("GPU", "leave gpus out");
  if ((body.network?.allow_out ?? []).length > 0)
    throw notOffered("network in its sandboxes", "leave allow_out out; files are brought with write_file");
  if ((body.entrypoint ?? []).length > 0)
    throw notOffered("entrypoint", "start the process behind create with start_process");
  if ((body.file_systems ?? []).length > 0)
    throw notOffered("file systems to mount", "write the files, or begin from a snapshot that has them");
  if ((body.exposed_ports ?? []).length > 0)
    throw notOffered("ports to expose", "speak to a process over its standard input and output");
}

/** Reads a request for a pool. */
export const poolSchema: z.ZodType<PoolBody> = z.object({
  ...machineFields,
  max_containers: z.int().min(1).nullish(),
  warm_containers: z.int().min(0).nullish(),
});
/** What a pool is made of. */
export interface PoolBody extends MachineBody {
  readonly max_containers?: Maybe<number>;
  readonly warm_containers?: Maybe<number>;
}

/** A request for a process. */
export interface ProcessBody {
  readonly command: string;
  readonly args?: Maybe<string[]>;
  readonly env?: Maybe<Record<string, string>>;
  readonly working_dir?: Maybe<string>;
  readonly timeout?: Maybe<number>;
  readonly user?: unknown;
  readonly stdin_mode?: Maybe<"closed" | "pipe">;
  readonly stdout_mode?: Maybe<"capture" | "discard">;
  readonly stderr_mode?: Maybe<"capture" | "discard">;
  readonly name?: unknown;
  readonly restart?: unknown;
  readonly health_check?: unknown;
}

const output = z.enum(["capture", "discard"]).nullish();
/** Reads a {@link ProcessBody}. */
export const processSchema: z.ZodType<ProcessBody> = z.object({
  command: z.string().min(1),
  args: z.array(z.string()).nullish(),
  env: z.record(z.string(), z.string()).nullish(),
  working_dir: z.string().min(1).nullish(),
  timeout: z
    .number()
    .positive()
    .max(maxLimitMs / 1000)
    .nullish(),
  user: z.unknown().optional(),
  stdin_mode: z.enum(["closed", "pipe"]).nullish(),
  stdout_mode: output,
  stderr_mode: output,
  name: z.unknown().optional(),
  restart: z.unknown().optional(),
  health_check: z.unknown().optional(),
});
