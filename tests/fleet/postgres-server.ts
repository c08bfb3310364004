import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const programs = "/usr/lib/postgresql";
const version = existsSync(programs) ? readdirSync(programs).sort().at(-1) : undefined;
const bin = join(programs, version ?? "", "bin");

/** Whether Debian's PostgreSQL is here. */
export const hasPostgres: boolean = version !== undefined && existsSync(join(bin, "initdb"));

if (!hasPostgres)
  console.error(
    "PostgreSQL is not installed (on Debian: apt-get install postgresql): queues on it are not tested",
  );

/** A PostgreSQL of a test's own, on a socket in a folder of its own. It refuses to run as root. */
export class PostgresServer implements AsyncDisposable {
  readonly #folder: string = mkdtempSync(join(tmpdir(), "sameseed-postgres-"));
  readonly #owner: { readonly uid?: number; readonly gid?: number };
  #process: ChildProcess | undefined;

  private constructor() {
    if (process.getuid?.() !== 0) this.#owner = {};
    else {
      const id = (which: string): number =>
        Number(execFileSync("id", [which, "postgres"], { encoding: "utf8" }));
      this.#owner = { uid: id("-u"), gid: id("-g") };
      chownSync(this.#folder, this.#owner.uid!, this.#owner.gid!);
    }
  }

  static async start(): Promise<PostgresServer> {
    const server = new PostgresServer();
    const data = join(server.#folder, "data");
    const options = ["-D", data, "-U", "sameseed", "-A", "trust", "--no-sync"];
    execFileSync(join(bin, "initdb"), options, { stdio: "ignore", cwd: server.#folder, ...server.#owner });
    await server.start();
    return server;
  }

  get url(): string {
    return `postgresql://sameseed@${encodeURIComponent(this.#folder)}/postgres`;
  }

  async start(): Promise<void> {
    const settings = ["fsync=off", "listen_addresses=", `unix_socket_directories=${this.#folder}`];
    const args = ["-D", join(this.#folder, "data"), ...settings.flatMap((setting) => ["-c", setting])];
    this.#process = spawn(join(bin, "postgres"), args, {
      stdio: "ignore",
      cwd: this.#folder,
      ...this.#owner,
    });
    const isReady = (): boolean => {
      try {
        execFileSync(join(bin, "pg_isready"), ["-q", "-h", this.#folder, "-d", "postgres"]);
        return true;
      } catch {
        return false;
      }
    };
    while (!isReady()) await sleep(30);
  }

  /** Ends it at once: whoever has a connection loses it. */
  async kill(): Promise<void> {
    const own = this.#process;
    if (own === undefined || own.exitCode !== null || own.signalCode !== null) return;
    const ended = once(own, "exit");
    own.kill("SIGQUIT");
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
