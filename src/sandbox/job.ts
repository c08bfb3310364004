import type { Job } from "./contract.ts";
import { SameseedError } from "../base/error.ts";
import { encodeWorldSettings } from "./world-settings.ts";

/** The most bytes a job may have. */
export const jobBytesMax: number = 64 * 1024 * 1024;

/**
 * Writes a job as `python/sameseed/child.py` takes it apart: `u32 length of the head | head (JSON) | files | source`.
 * @throws `bad_argument` where it is larger than 64 MiB
 */
export function encodeJob(job: Job): Buffer {
  const head = Buffer.from(
    JSON.stringify({
      entry: job.entry,
      name: job.entry === "script" ? job.name : "agent",
      files: job.files.map(({ path, data }) => ({ path, bytes: data.length })),
      env: job.env,
      ...(job.world === undefined ? {} : { world: encodeWorldSettings(job.world).toString("hex") }),
      ...(job.entry === "script" ? job.audit : {}),
    }),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  const source = Buffer.from(job.entry === "script" ? job.source : "");
  const encoded = Buffer.concat([length, head, ...job.files.map(({ data }) => data), source]);
  if (encoded.length > jobBytesMax) {
    throw new SameseedError(
      "bad_argument",
      `the sandbox's scripts, actions and files have ${encoded.length} bytes`,
      {
        hint: `keep them below ${jobBytesMax} bytes together`,
        context: { bytes: encoded.length, most: jobBytesMax },
      },
    );
  }
  return encoded;
}
