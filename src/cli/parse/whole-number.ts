import { SameseedError } from "../../base/error.ts";

/** What a number stands for, and how large it may be. */
export interface NumberRange {
  /** The option as it is written, such as `--wall-ms`. */
  readonly option: string;
  /** Such as `milliseconds`. */
  readonly unit: string;
  /** The largest; the smallest is 1. */
  readonly max: number;
}

/**
 * Makes a reader of a whole number from 1 on.
 * @returns a function that throws `bad_argument` for anything else
 */
export function wholeNumber({ option, unit, max }: NumberRange): (text: string) => number {
  return (text) => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= 1 && value <= max) return value;
    throw new SameseedError(
      "bad_argument",
      `${option}: ${JSON.stringify(text)} is not a valid number of ${unit}`,
      {
        hint: `give a whole number from 1 to ${max}`,
      },
    );
  };
}
