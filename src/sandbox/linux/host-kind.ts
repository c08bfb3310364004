import { existsSync } from "node:fs";

/** What tells this host from one of another kind: where groups may be made, and which fix fits. */
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
