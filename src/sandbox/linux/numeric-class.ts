import { readFileSync } from "node:fs";

/** What the x86-64-v3 level adds over v2, as `/proc/cpuinfo` names it. */
const v3Flags = ["avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"];

/**
 * The numeric class that is asked of numpy and OpenBLAS: `x86-64-v3` where the processor has it, so that processors
 * with more give the same bits; else `native`.
 */
export function numericClass(cpuinfo: string = readCpuinfo(), architecture: string = process.arch): string {
  if (architecture !== "x64") return "native";
  const flags = new Set(/^flags\s*:\s*(.*)$/m.exec(cpuinfo)?.[1]?.split(" "));
  return v3Flags.every((flag) => flags.has(flag)) ? "x86-64-v3" : "native";
}

function readCpuinfo(): string {
  try {
    return readFileSync("/proc/cpuinfo", "latin1");
  } catch {
    return "";
  }
}
