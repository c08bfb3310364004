import type { CallTask } from "../../src/index.ts";

/** A prompt in the policy's words: an operation and two operands. */
export type Prompt = readonly [operation: Operation, left: Operand, right: Operand];

type Operation = "add" | "sub" | "mul" | "max" | "min";
type Operand = "x" | "y" | "1" | "2";

const operations: Readonly<Record<Operation, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  max: Math.max,
  min: Math.min,
};
const operands: readonly Operand[] = ["x", "y", "1", "2"];
/** What the hidden tests call the function with. */
const inputs: readonly (readonly [x: number, y: number])[] = [
  [3, 5],
  [-4, 7],
  [9, -2],
];

/** Every prompt. */
export const prompts: readonly Prompt[] = Object.keys(operations).flatMap((operation) =>
  operands.flatMap((left) => operands.map((right): Prompt => [operation as Operation, left, right])),
);

/** Whether a prompt is held out of the training: a quarter of them, every word among the others. */
export function isHeldOut([operation, left, right]: Prompt): boolean {
  const place = Object.keys(operations).indexOf(operation) + operands.indexOf(left) + operands.indexOf(right);
  return place % 4 === 0;
}

/** The task of a prompt. */
export function taskOf([operation, left, right]: Prompt): CallTask {
  const value = (operand: Operand, x: number, y: number): number =>
    operand === "x" ? x : operand === "y" ? y : Number(operand);
  return {
    id: `${operation} ${left} ${right}`,
    kind: "call",
    function: "f",
    tests: inputs.map(([x, y]) => ({
      args: [x, y],
      expected: operations[operation](value(left, x, y), value(right, x, y)),
    })),
  };
}
