import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { sha256Of, toDigest } from "../base/digest.ts";
import { startTime } from "../sandbox/linux/processes.ts";

/*
 * What an attack that got out could reach first, planted so that it would be seen: files that anybody may change, a
 * process that the sandboxes' own user may kill, and secrets in this process's environment, memory and files and in
 * that process's arguments. None may change, and no byte that comes out of a sandbox may hold a secret.
 */

const imageSamples = ["opt/sameseed/sameseed", "etc"];

/** Things that an attack must leave as they are. */
export class Canaries implements Disposable {
  /** A file on the host that anybody may write. */
  readonly file: string;
  /** A process that runs as what sandboxes run as. */
  readonly pid: number;
  readonly #folder: string;
  readonly #server: Server;
  #visitors = 0;
  readonly #variable: string;
  readonly #secrets: readonly string[];
  readonly #process: ChildProcess;
  readonly #rootfs: string | undefined;
  readonly #before: Readonly<Record<string, string>>;

  /**
   * Plants them.
   * @param user the host's user id that sandboxes run as
   * @param rootfs the image's tree, which must stay as it is; undefined if there is none
   */
  constructor(user: number, rootfs: string | undefined) {
    this.#secrets = Array.from({ length: 4 }, () => `canary${randomBytes(16).toString("hex")}`);
    const [inFile = "", inEnvironment = "", inMemory = "", inArguments = ""] = this.#secrets;
    this.#folder = mkdtempSync(join(tmpdir(), "sameseed-canary-"));
    chmodSync(this.#folder, 0o777);
    mkdirSync(join(this.#folder, "folder"), { mode: 0o777 });
    this.file = join(this.#folder, "file");
    writeFileSync(this.file, inFile);
    chmodSync(this.file, 0o666);
    this.#server = createServer((visitor) => {
      this.#visitors++;
      visitor.destroy();
    });
    this.#server.on("error", () => {}); // then it has no port, and nobody is led to it
    this.#server.listen(0, "127.0.0.1").unref();
    this.#variable = `SAMESEED_CANARY_${inMemory.slice(6, 18)}`;
    process.env[this.#variable] = inEnvironment;
    // It waits for the end of a pipe that only this process holds, so that it never outlives it.
    this.#process = spawn("/bin/sh", ["-c", "read -r _", inArguments], {
      stdio: ["pipe", "ignore", "ignore"],
      cwd: "/",
      env: {},
      ...(process.getuid?.() === 0 ? { uid: user, gid: user } : {}),
    });
    this.#process.on("error", () => {}); // its missing id is seen by the check
    this.#process.unref();
    (this.#process.stdin as unknown as { unref?: () => void } | null)?.unref?.();
    this.pid = this.#process.pid ?? 0;
    this.#rootfs = rootfs;
    this.#before = this.#look();
  }

  /** Where a server of the host listens on its loopback device; undefined while it does not. */
  get port(): number | undefined {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : undefined;
  }

  /** Says what changed; empty if nothing did. */
  check(): string[] {
    const now = this.#look();
    return Object.keys(now)
      .filter((what) => now[what] !== this.#before[what])
      .map((what) => `${what} changed`);
  }

  /** Says whether bytes that came out of a sandbox hold a secret of the host. */
  leaksIn(output: Buffer): string[] {
    return this.#secrets.some((secret) => output.includes(secret))
      ? ["a secret of the host came out of the sandbox"]
      : [];
  }

  [Symbol.dispose](): void {
    delete process.env[this.#variable];
    this.#process.kill("SIGKILL");
    this.#server.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #look(): Record<string, string> {
    const image = this.#rootfs === undefined ? [] : imageSamples.map((path) => join(this.#rootfs!, path));
    return {
      "the host's file": describeFolder(this.#folder).join("\n"),
      "the host's environment": process.env[this.#variable] ?? "gone",
      "who visited the host's server": String(this.#visitors),
      "the host's working directory": process.cwd(),
      "the host's process": isDead(this.pid) ? "gone" : (startTime(this.pid) ?? "gone"),
      "the image": image.flatMap((path) => describeFolder(path, false)).join("\n"),
    };
  }
}

/** Whether a process is gone, or dead and only waits to be buried. */
function isDead(pid: number): boolean {
  try {
    return /^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "latin1"));
  } catch {
    return true;
  }
}

/**
 * The files of a folder, by content and by what the kernel says of them.
 * @param isOwn whether nobody else has to do with them: an image's files may be linked to elsewhere meanwhile
 */
function describeFolder(folder: string, isOwn = true): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const { mode, size, mtimeMs, ctimeMs, nlink, uid } = lstatSync(path);
      const content = entry.isFile() ? toDigest(sha256Of([readFileSync(path)])) : "";
      return [path, mode, size, mtimeMs, uid, content, ...(isOwn ? [ctimeMs, nlink] : [])].join(" ");
    })
    .sort();
}
