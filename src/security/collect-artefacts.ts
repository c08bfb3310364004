import { isSameseedError } from "../base/error.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";

const folder = "/tmp/out";
/** Often enough that a name which changes what it is all the time is met as each. */
const passes = 100;
const nameMost = 30;

/**
 * Takes everything that a program left in `/tmp/out`, as a caller who wants a rollout's artefacts does, while the
 * program still runs.
 * @param onBytes is given every byte that was read
 * @returns a line for each name and each answer it had
 */
export async function collectArtefacts(
  sandbox: Sandbox,
  onBytes: (bytes: Buffer) => void,
): Promise<string[]> {
  const seen = new Set<string>();
  for (let pass = 0; pass < passes; pass++) {
    for (const { name } of await sandbox.files.list(folder)) {
      seen.add(`collect ${shown(name)}: ${await readOne(sandbox, `${folder}/${name}`, onBytes)}`);
    }
  }
  return [...seen].sort();
}

async function readOne(sandbox: Sandbox, path: string, onBytes: (bytes: Buffer) => void): Promise<string> {
  try {
    onBytes(await sandbox.files.read(path));
    return "file";
  } catch (error) {
    if (!isSameseedError(error) || error.code !== "sandbox_file") throw error;
    return String(error.context["errno"]);
  }
}

/** A name as a header can say it: on one line, with escapes, and not too long. */
function shown(name: string): string {
  const escaped = Array.from(name, (character) => {
    const code = character.codePointAt(0)!;
    if (character === "\n") return "\\n";
    if (code < 0x20) return `\\x${code.toString(16).padStart(2, "0")}`;
    return code > 0x7e ? `\\u${code.toString(16).padStart(4, "0")}` : character;
  });
  const text = escaped.join("");
  return text.length > nameMost ? `${text.slice(0, nameMost)}...` : text;
}
