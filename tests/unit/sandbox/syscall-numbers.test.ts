/* The filters' numbers of system calls, against those of the kernel's own headers. */
import { execFileSync } from "node:child_process";

import { expect, test } from "vitest";

import { findCompiler } from "../../../src/image/compile-native.ts";
import { syscallNumbers } from "../../../src/sandbox/seccomp/syscall-numbers.ts";

/** What `asm/unistd.h` of arm64 defines before it takes the table that newer architectures share. */
const arm64Wants = [
  "RENAMEAT",
  "NEW_STAT",
  "SET_GET_RLIMIT",
  "TIME32_SYSCALLS",
  "SYS_CLONE3",
  "MEMFD_SECRET",
];

/** All calls that a header of the kernel knows, with their numbers. */
function numbersIn(header: string, defines: readonly string[]): Map<string, number> {
  const compile = (flags: string[], input: string): string =>
    execFileSync(findCompiler(), ["-E", ...flags, "-x", "c", "-"], { input, encoding: "utf8" });
  const source = `${defines.map((name) => `#define ${name}\n`).join("")}#include <${header}>\n`;
  const names = Array.from(compile(["-dM"], source).matchAll(/^#define __NR_(\w+) /gm), ([, name]) => name!);
  // One name may stand for another, which the preprocessor resolves; two are no calls but numbers of calls.
  const lines = compile(["-P"], source + names.map((name) => `"${name}" __NR_${name}\n`).join(""));
  return new Map(
    Array.from(
      lines.matchAll(/^"(\w+)" (\d+)$/gm),
      ([, name, number]) => [name!, Number(number)] as const,
    ).filter(([name]) => name !== "syscalls" && name !== "arch_specific_syscall"),
  );
}

test.for([
  { architecture: "x86-64", column: 0, header: "asm/unistd_64.h", defines: [] },
  {
    architecture: "arm64",
    column: 1,
    header: "asm-generic/unistd.h",
    defines: arm64Wants.map((name) => `__ARCH_WANT_${name}`),
  },
] as const)(
  "on $architecture each call has the number of the kernel's header",
  ({ column, header, defines }) => {
    const known = numbersIn(header, defines);
    expect(known.size).toBeGreaterThan(250);
    const newest = Math.max(...known.values());
    const wrong = Object.entries(syscallNumbers).filter(([name, numbers]) => {
      const number = numbers[column];
      // A header of an older kernel knows nothing of calls that came after it.
      return number > newest ? known.has(name) : number !== (known.get(name) ?? -1);
    });
    expect(wrong).toEqual([]);
  },
);
