/** A program that gets, or tries to get, a better score than its answers are worth. */
export interface Cheat {
  readonly name: string;
  /** What it abuses, in a word. */
  readonly family: string;
  readonly code: string;
  /** What an honest solution of the same ability scores. @default 0 */
  readonly ability?: number;
}

/** Lines of Python. */
export function python(...lines: readonly string[]): string {
  return `${lines.join("\n")}\n`;
}

/** A cheat whose function is the whole of it. */
export function returning(name: string, family: string, value: string, ...before: readonly string[]): Cheat {
  return { name, family, code: python(...before, "def divisors(n):", `    return ${value}`) };
}
