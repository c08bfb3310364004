import { execFileSync, spawnSync } from "node:child_process";

/** Whether this process may make network namespaces. */
export function canMakeNetworks(): boolean {
  if (process.getuid?.() !== 0) return false;
  const name = `ss-try-${process.pid}`;
  if (spawnSync("ip", ["netns", "add", name]).status !== 0) return false;
  spawnSync("ip", ["netns", "del", name]);
  return true;
}

function ip(...args: string[]): void {
  execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });
}

/** A bridge with network namespaces at it, as hosts have them: a link that is down loses packets and closes no connection. */
export class Network implements Disposable {
  /** Short enough for the name of a device. */
  readonly #id = `ss${process.pid % 100_000}`;
  readonly #net = `10.${100 + (process.pid % 100)}.${Math.floor(process.pid / 100) % 250}`;
  readonly #hosts: string[] = [];

  constructor() {
    ip("link", "add", this.#bridge, "type", "bridge");
    ip("addr", "add", `${this.address}/24`, "dev", this.#bridge);
    ip("link", "set", this.#bridge, "up");
  }

  /** The root namespace's own address at the bridge. */
  get address(): string {
    return `${this.#net}.1`;
  }

  get #bridge(): string {
    return `${this.#id}b`;
  }

  /** Makes a host's namespace. @returns what a command line has to begin with to run there */
  add(): readonly string[] {
    const n = this.#hosts.length;
    const [space, outer, inner] = [`${this.#id}n${n}`, `${this.#id}o${n}`, `${this.#id}i${n}`];
    ip("netns", "add", space);
    this.#hosts.push(space);
    ip("link", "add", outer, "type", "veth", "peer", "name", inner);
    ip("link", "set", outer, "master", this.#bridge, "up");
    ip("link", "set", inner, "netns", space);
    for (const args of [
      ["addr", "add", `${this.#net}.${n + 10}/24`, "dev", inner],
      ["link", "set", inner, "up"],
      ["link", "set", "lo", "up"],
    ])
      ip("-n", space, ...args);
    // Not `ip netns exec`: that mounts /sys anew, and control groups are not there then.
    return ["nsenter", `--net=/run/netns/${space}`];
  }

  /** Unplugs a host, or plugs it in again. */
  plug(n: number, isIn: boolean): void {
    ip("link", "set", `${this.#id}o${n}`, isIn ? "up" : "down");
  }

  [Symbol.dispose](): void {
    for (const space of this.#hosts) spawnSync("ip", ["netns", "del", space]);
    spawnSync("ip", ["link", "del", this.#bridge]);
  }
}
