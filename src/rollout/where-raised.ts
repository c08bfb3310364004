import { basename } from "node:path";

/** A file of Python's standard library. */
const standard = /\/lib\/python3\.\d+\/(?!(site|dist)-packages\/)/;

/**
 * What an exception was raised at, such as `at mujoco_utils.py:142: assert kind in allowed`: the last line that its traceback
 * shows outside of Python's standard library. Empty where there is no traceback, or one without source.
 */
export function whereRaised(traceback: string | undefined): string {
  const frames = [...(traceback ?? "").matchAll(/^ *File "(.+)", line (\d+), in .*\n +(.+)$/gm)];
  const own = frames.findLast(([, name]) => !standard.test(name ?? ""));
  const [, file, line, code] = own ?? frames.at(-1) ?? [];
  return file === undefined ? "" : `at ${basename(file)}:${line}: ${code}`;
}
