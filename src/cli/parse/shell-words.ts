import { maskedUrl } from "../../fleet/queue/masked-url.ts";

/** A word as a POSIX shell reads it back. */
export function shellWord(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A file or folder as a shell reads it back, and as no command takes it for an option. */
export function shellPath(path: string): string {
  return shellWord(path.startsWith("-") ? `./${path}` : path);
}

/**
 * The command that goes on with an interrupted run: the same arguments, with the folder and `--resume`.
 * @param args everything after `sameseed`
 */
export function resumeCommand(args: readonly string[], dir: string): string {
  return again(args, dir, "--resume");
}

/**
 * The command that runs anew what failed entirely: the same arguments, with the folder and `--force`.
 * @param args everything after `sameseed`
 */
export function forceCommand(args: readonly string[], dir: string): string {
  return again(args, dir, "--force");
}

/** A password in a queue's address is no business of whoever reads the message. */
function shown(arg: string): string {
  const [option] = /^--fleet=/.exec(arg) ?? [""];
  return option + maskedUrl(arg.slice(option.length));
}

function again(args: readonly string[], dir: string, how: "--resume" | "--force"): string {
  const kept: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === "--out") at++;
    else if (arg !== "--resume" && arg !== "--force" && !arg.startsWith("--out=")) kept.push(shown(arg));
  }
  return [...["sameseed", ...kept, "--out"].map(shellWord), shellPath(dir), how].join(" ");
}
