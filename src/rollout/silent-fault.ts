import { basename } from "node:path";

/**
 * What an exception without a message was raised at, such as `at mujoco_utils.py:142: assert kind in allowed`: the last line that
 * its traceback shows. Empty where there is no traceback, or one without source.
 */
export function whereRaised(traceback: string | undefined): string {
  const frames = [...(traceback ?? "").matchAll(/^ *File "(.+)", line (\d+), in .*\n +(.+)$/gm)];
  const [, file, line, code] = frames.at(-1) ?? [];
  return file === undefined ? "" : `at ${basename(file)}:${line}: ${code}`;
}
