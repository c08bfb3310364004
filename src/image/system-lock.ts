import { readFileSync } from "node:fs";
import { sha256 } from "../base/digest.ts";
import { SameseedError } from "../base/error.ts";

/** A Debian package, pinned. */
export interface SystemPackage {
  readonly name: string;
  readonly version: string;
  /** `amd64`, `arm64` or `all`. */
  readonly architecture: string;
  /** Of the .deb file, 64 hex digits. */
  readonly sha256: string;
}

/** A lock of Debian packages: all that an image gets of a distribution, each with its hash. */
export interface SystemLock {
  readonly path: string;
  readonly text: string;
  /** Sorted by name. */
  readonly packages: readonly SystemPackage[];
  /** SHA-256 of what is locked, 64 hex digits: comments and the order of lines do not change it. */
  readonly digest: string;
}

const linePattern =
  /^(?<name>[a-z0-9][a-z0-9+.-]+)=(?<version>[A-Za-z0-9][A-Za-z0-9.+~:-]*) (?<architecture>[a-z0-9]+) sha256:(?<sha256>[0-9a-f]{64})$/;

/**
 * Reads a lock of Debian packages.
 *
 * @throws {SameseedError} `bad_argument` with the line, `io_failed` when the file cannot be read.
 */
export function readSystemLock(path: string): SystemLock {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new SameseedError("io_failed", `the lock of system packages ${path} cannot be read`, {
      hint: "write one: sameseed image lock --system PACKAGE … --out FILE",
      cause,
    });
  }
  return parseSystemLock(path, text);
}

/** {@link readSystemLock} for text that was read already. */
export function parseSystemLock(path: string, text: string): SystemLock {
  const packages = new Map<string, SystemPackage>();
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.replace(/#.*$/, "").trim();
    if (line === "") continue;
    const found = linePattern.exec(line)?.groups as unknown as SystemPackage | undefined;
    if (found === undefined || packages.has(found.name)) {
      throw new SameseedError(
        "bad_argument",
        `${path}:${index + 1} ${found === undefined ? "is not NAME=VERSION ARCHITECTURE sha256:HASH" : `names ${found.name} again`}`,
        {
          hint: "`sameseed image lock --system PACKAGE …` writes such a lock",
          context: { line: raw.slice(0, 200) },
        },
      );
    }
    packages.set(found.name, { ...found });
  }
  const sorted = [...packages.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { path, text, packages: sorted, digest: sha256(lockLines(sorted)).toString("hex") };
}

/** The text of a lock. @param head one line on where it is from */
export function systemLockText(head: string, packages: readonly SystemPackage[]): string {
  return `# ${head}\n${lockLines(packages)}`;
}

function lockLines(packages: readonly SystemPackage[]): string {
  return packages
    .map((one) => `${one.name}=${one.version} ${one.architecture} sha256:${one.sha256}\n`)
    .join("");
}
