import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";

import { writeFileAtomic } from "../../base/atomic-file.ts";
import { SameseedError, systemErrorCode, toError } from "../../base/error.ts";
import { lockSystemPackages } from "../../image/apt.ts";
import type { Cli, CommandWork } from "../cli.ts";
import { jsonOption } from "../commands/options.ts";
import { jsonText } from "../render/json-text.ts";
import { count } from "../render/numbers.ts";

interface LockOptions {
  readonly system: readonly string[];
  readonly out?: string;
  readonly json?: true;
}

/** Adds `sameseed image lock`. */
export function addLockCommand(image: Command, choose: (work: CommandWork) => void): void {
  image
    .command("lock")
    .summary("write a lock of Debian packages for an image")
    .description(
      "Writes a lock of Debian packages for an image: what was asked for and all that it needs, each with version and hash. The host's apt chooses the versions; nothing is installed or fetched.",
    )
    .requiredOption("--system <PACKAGE...>", "Debian packages by name, NAME=VERSION, or paths of .deb files")
    .option("--out <FILE>", "write the lock there (default: print it)")
    .addOption(jsonOption("the locked packages as one JSON document"))
    .addHelpText(
      "after",
      `
Example:
  sameseed image lock --system libgl1 libglu1-mesa libosmesa6 --out gl.lock
  sameseed image build drawn --packages 'gymnasium[mujoco]' PyOpenGL --system gl.lock --env MUJOCO_GL=osmesa`,
    )
    .action((options: LockOptions) => choose(async (cli) => await lock(cli, options)));
}

async function lock({ output, status, signal }: Cli, options: LockOptions): Promise<number> {
  const workFolder = mkdtempSync(join(tmpdir(), "sameseed-lock-"));
  try {
    const found = await lockSystemPackages(options.system, { workFolder, signal });
    if (options.out !== undefined) write(options.out, found.text);
    if (options.json) await output.write(`${jsonText({ digest: found.digest, packages: found.packages })}\n`);
    else if (options.out === undefined) await output.write(found.text);
    else status.note(`wrote ${options.out}: ${count(found.packages.length, "package")}`);
    return 0;
  } finally {
    rmSync(workFolder, { recursive: true, force: true });
  }
}

function write(path: string, text: string): void {
  try {
    writeFileAtomic(path, text);
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    throw new SameseedError("io_failed", `${path} cannot be written: ${toError(error).message}`, {
      hint: "name a file in a folder that exists and that you may write to",
      cause: error,
    });
  }
}
