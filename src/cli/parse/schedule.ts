import { SameseedError } from "../../base/error.ts";

/** A quantity's first and last value. */
export interface FromTo {
  readonly from: number;
  readonly to: number;
}

/**
 * Makes a reader of a number, or of two with `..` between them.
 * @returns a function that throws `bad_argument` for anything else; ranges are checked where the values are used
 */
export function schedule(option: string): (text: string) => FromTo {
  return (text) => {
    const [first = "", last = first, ...more] = text.split("..");
    if (more.length === 0 && isDecimal(first) && isDecimal(last))
      return { from: Number(first), to: Number(last) };
    throw new SameseedError(
      "bad_argument",
      `${option}: ${JSON.stringify(text)} is neither one number nor a range`,
      {
        hint: `write ${option} 0.1, or ${option} 0.5..0.05 for a value that changes from the first to the second`,
      },
    );
  };
}

/** Makes a reader of a decimal number. */
export function decimal(option: string): (text: string) => number {
  return (text) => {
    if (isDecimal(text)) return Number(text);
    throw new SameseedError("bad_argument", `${option}: ${JSON.stringify(text)} is not a number`, {
      hint: `write ${option} 0.9`,
    });
  };
}

/**
 * Reads two hypotheses in Elo, such as `0,50`.
 * @throws `bad_argument`
 */
export function parseElo(text: string): readonly [number, number] {
  const [low = "", high = "", ...more] = text.split(",");
  if (more.length === 0 && isDecimal(low) && isDecimal(high) && Number(low) < Number(high))
    return [Number(low), Number(high)];
  throw new SameseedError(
    "bad_argument",
    `--elo: ${JSON.stringify(text)} is not two numbers in ascending order`,
    {
      hint: "write --elo 0,50",
    },
  );
}

function isDecimal(text: string): boolean {
  return /^-?(\d{1,15}(\.\d{1,20})?|\.\d{1,20})(e-?\d{1,2})?$/i.test(text);
}
