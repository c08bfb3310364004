import { spawn } from "node:child_process";

import { findBubblewrap } from "../src/image/find-bubblewrap.ts";
import { resolveImage } from "../src/image/image-store.ts";

/** A Python process of an image in a plain bubblewrap sandbox: what one has without a zygote. */
export interface ColdPython {
  /** ms from the call to the first byte on standard output. */
  readonly firstByteMs: number;
  /** Everything on standard output. */
  readonly output: string;
}

/** Starts the image's interpreter cold, in a bubblewrap sandbox with every namespace, and runs some code to its end. */
export async function coldPython(
  image: string,
  code: string,
  env: Readonly<Record<string, string>> = {},
): Promise<ColdPython> {
  const { rootfs } = resolveImage(image);
  const bubblewrap = await findBubblewrap();
  if (bubblewrap === undefined) throw new Error("bubblewrap is not installed");
  const environment = { PYTHONHASHSEED: "0", OPENBLAS_NUM_THREADS: "1", ...env };
  const wall = ["--unshare-all", "--die-with-parent", "--clearenv", "--ro-bind", rootfs, "/"];
  const mounts = ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"];
  const variables = Object.entries(environment).flatMap(([name, value]) => ["--setenv", name, value]);
  const command = ["/opt/python/bin/python3", "-P", "-s", "-B", "-c", code];
  const args = [...wall, ...mounts, ...variables, ...command];
  const calledAt = performance.now();
  const child = spawn(bubblewrap.path, args, { stdio: ["ignore", "pipe", "inherit"] });
  let firstByteMs = Number.NaN;
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    if (output === "") firstByteMs = performance.now() - calledAt;
    output += chunk.toString();
  });
  const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
  if (status !== 0) throw new Error(`cold Python ended with ${status}`);
  return { firstByteMs, output };
}
