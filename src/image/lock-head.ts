/** How the lock of an image from packages by name begins. */
const head = /^# Resolved by pip .*? on \S+: (.+)$/m;

/** The first line of such a lock: what it came from. @param by such as `pip 23.2 for CPython 3.11.7 on x86_64` */
export function lockHead(by: string, packages: readonly string[]): string {
  // A space ends a package here; pip reads the others without theirs, too.
  return `# Resolved by ${by}: ${packages.map((each) => each.replaceAll(/\s+/g, "")).join(" ")}\n`;
}

/** The packages by name that an image's lock came from; none where it came otherwise. */
export function askedPackages(lock: string): string[] {
  return head.exec(lock)?.[1]?.split(" ") ?? [];
}
