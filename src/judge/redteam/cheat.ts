/** A program that gets, or tries to get, a better score than its answers are worth. */
export interface Cheat {
  readonly name: string;
  /** What it abuses, in a word. */
  readonly family: string;
  readonly code: string;
  /** What an honest solution of the same ability scores: for all kinds of tasks, or for those that are named. @default 0 */
  readonly ability?: number | { readonly [K in TaskKind]?: number };
}

/** A kind of task that the corpus has one of. */
export type TaskKind = "call" | "stdio" | "judge" | "pytest";

/** What an honest solution of a cheat's ability scores in a task of a kind. */
export function abilityIn({ ability = 0 }: Cheat, kind: TaskKind): number {
  return typeof ability === "number" ? ability : (ability[kind] ?? 0);
}

/** Lines of Python. */
export function python(...lines: readonly string[]): string {
  return `${lines.join("\n")}\n`;
}

/** A cheat whose function is the whole of it. */
export function returning(name: string, family: string, value: string, ...before: readonly string[]): Cheat {
  return { name, family, code: python(...before, "def divisors(n):", `    return ${value}`) };
}
