import { existsSync } from "node:fs";

/** What is told from a host of another kind, to name a fix that fits. */
export interface HostKind {
  readonly isRoot: boolean;
  readonly inContainer: boolean;
  readonly hasSystemd: boolean;
}

/** The kind of this host. */
export function hostKind(): HostKind {
  return {
    isRoot: process.getuid?.() === 0,
    inContainer: existsSync("/run/.containerenv") || existsSync("/.dockerenv"),
    hasSystemd: existsSync("/run/systemd/system"),
  };
}
