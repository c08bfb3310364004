import { LastBytes } from "../base/kept-bytes.ts";
import { defaultLimits, type Limits } from "../model/limits.ts";
import type { SandboxEnd } from "./contract.ts";
import { sharedBackend } from "./sandbox-host.ts";

/** A script that says something of the image it runs in. */
export interface ImageQuestion {
  readonly source: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly limits?: Partial<Limits>;
}

/** What a script of {@link askImage} said. */
export interface ImageAnswer extends Pick<SandboxEnd, "exitCode"> {
  /** The JSON value of its last line; undefined where it failed, or the line is none. */
  readonly value: unknown;
  /** The last of its standard error. */
  readonly stderr: string;
}

/**
 * Runs a script in a fresh sandbox of an image, in the host's world. Its answer is the last line it prints: what a package
 * prints when it is imported comes before.
 * @throws what starting a sandbox throws
 */
export async function askImage(
  image: string,
  { source, env = {}, limits = {} }: ImageQuestion,
): Promise<ImageAnswer> {
  const stdout: Buffer[] = [];
  const stderr = new LastBytes(2000);
  const [sandbox] = await sharedBackend(image, "zygote", "host").start({
    members: [
      {
        job: { entry: "script", name: "list.py", source, files: [], env },
        limits: { ...defaultLimits, ...limits },
      },
    ],
    links: [],
    onOutput: (_, channel, data) => {
      if (channel === "stdout") stdout.push(Buffer.from(data));
      else if (channel === "stderr") stderr.push(data);
    },
  });
  const { exitCode } = await sandbox!.ended;
  const last = Buffer.concat(stdout).toString().trimEnd().split("\n").at(-1) ?? "";
  return { exitCode, value: exitCode === 0 ? parse(last) : undefined, stderr: stderr.text };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
