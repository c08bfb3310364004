import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import type { HostSpec } from "./host-list.ts";
import type { BootFiles } from "./root-file-system.ts";

/** One line that a machine told. */
export interface Told {
  readonly session: string;
  readonly step: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly [more: string]: unknown;
}

function machineWords(host: HostSpec): { program: string; words: string[]; console: string } {
  if (host.architecture === "arm64")
    return { program: "qemu-system-aarch64", words: ["-machine", "virt", "-cpu", "max"], console: "ttyAMA0" };
  return { program: "qemu-system-x86_64", words: ["-machine", "q35", "-cpu", "max"], console: "ttyS0" };
}

/**
 * Starts a machine, waits until it has switched itself off, and gives what it told. Its console is kept in the folder.
 * @param timeoutMs how long it may take: its processor is made of software
 */
export async function runMachine(
  host: HostSpec,
  files: BootFiles,
  suite: string,
  folder: string,
  timeoutMs: number,
): Promise<Told[]> {
  const { program, words, console } = machineWords(host);
  const results = join(folder, "results.jsonl");
  rmSync(results, { force: true });
  const said = openSync(join(folder, "qemu.log"), "w");
  const disk = (file: string, how: string): string => `file=${file},format=raw,if=virtio,${how}`;
  const kernelLine = [`console=${console}`, "quiet", "panic=-1", ...(host.kernelWords ?? [])].join(" ");
  const common =
    "-accel tcg,thread=multi -smp 2 -m 2048 -display none -nic none -no-reboot -device virtio-serial-pci";
  const args = [...words, ...common.split(" "), "-kernel", files.kernel, "-initrd", files.initramfs];
  args.push("-append", kernelLine, "-serial", `file:${join(folder, "console.log")}`);
  args.push("-drive", disk(files.root, "snapshot=on"), "-drive", disk(suite, "snapshot=on"));
  args.push("-chardev", `file,path=${results},id=told`, "-device", "virtserialport,chardev=told");
  const machine = spawn(program, args, { stdio: ["ignore", said, said] });
  const timer = setTimeout(() => machine.kill("SIGKILL"), timeoutMs);
  const stop = (): void => void machine.kill("SIGKILL");
  process.once("exit", stop);
  try {
    await once(machine, "close");
  } finally {
    clearTimeout(timer);
    process.off("exit", stop);
    closeSync(said);
  }
  return existsSync(results) ? readTold(readFileSync(results, "utf8")) : [];
}

/** The lines of a machine that was perhaps cut off: what is no JSON is left out. */
export function readTold(text: string): Told[] {
  return text.split("\n").flatMap((line) => {
    try {
      return line === "" ? [] : [JSON.parse(line) as Told];
    } catch {
      return [];
    }
  });
}
