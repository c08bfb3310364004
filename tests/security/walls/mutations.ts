import { filterMutations } from "./filter-mutations.ts";
import { limitMutations } from "./limit-mutations.ts";
import type { Mutation } from "./mutation.ts";
import { nativeMutations } from "./native-mutations.ts";
import { outerMutations } from "./outer-mutations.ts";

/** Every step of the wall, each with what gets through without it. */
export const mutations: readonly Mutation[] = [
  ...outerMutations,
  ...nativeMutations,
  ...limitMutations,
  ...filterMutations,
];

/** A mutation by its id. */
export function mutationOf(id: string): Mutation {
  const found = mutations.find((each) => each.id === id);
  if (found === undefined) throw new Error(`there is no mutation ${id}`);
  return found;
}
