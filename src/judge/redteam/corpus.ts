import type { Cheat } from "./cheat.ts";
import { equalityAndExits } from "./corpus/call-equality.ts";
import { leaks } from "./corpus/call-leaks.ts";
import { numbers } from "./corpus/call-numbers.ts";
import { output } from "./corpus/call-output.ts";
import { patches } from "./corpus/call-patches.ts";
import { honestFunctions, honestNumpy, honestPrograms } from "./corpus/honest.ts";
import { programs } from "./corpus/stdio.ts";

/** Cheats whose solution is a function, for tasks of kind `call`, `judge` and `pytest`. */
export const callCheats: readonly Cheat[] = [
  ...equalityAndExits,
  ...patches,
  ...leaks,
  ...output,
  ...numbers,
];

/** Cheats whose solution is a program, for tasks of kind `stdio`. */
export const programCheats: readonly Cheat[] = programs;

/** Right functions, for tasks of every kind that calls one. */
export const rightFunctions: readonly Cheat[] = [...honestFunctions, ...honestNumpy];

/** Right programs. */
export const rightPrograms: readonly Cheat[] = honestPrograms;
