import { SameseedError } from "../../base/error.ts";

/** What a number stands for, and how large it may be. */
export interface NumberRange {
  /** The option as it is written, such as `--wall-ms`. */
  readonly option: string;
  /** Such as `milliseconds`. */
  readonly unit: string;
  /** @default 1 */
  readonly min?: number;
  readonly max: number;
}

/**
 * Makes a reader of a whole number.
 * @returns a function that throws `bad_argument` for anything else
 */
export function wholeNumber({ option, unit, min = 1, max }: NumberRange): (text: string) => number {
  return (text) => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new SameseedError(
      "bad_argument",
      `${option}: ${JSON.stringify(text)} is not a valid number of ${unit}`,
      {
        hint: `give a whole number from ${min} to ${max}`,
      },
    );
  };
}
