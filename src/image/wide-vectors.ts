// Theory of operation. A sealed world promises the same bytes on every x86-64-v3 host. numpy, OpenBLAS and the C library ask the processor
// what it can do and are told to go no further than that class. Other libraries ask it as well and listen to nobody: where it has
// AVX-512 they calculate with that, in another order, and give other last digits. Which they are is read from their code. Such an
// instruction begins with the byte 0x62, which begins no other in 64-bit code, so that those which calculate with floating-point numbers
// of 512 bits can be counted without reading every instruction before them: what is counted by chance is one in some 90 MB of code.
// A list of them lies in the image, and the receipt of a rollout that loaded one says so (python/sameseed/world/choosing.py).

import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join, posix } from "node:path";
import { readCode } from "./elf-file.ts";

/** Below the image's root: the paths of the libraries, a line each. */
const wideListPath = "opt/sameseed/wide-vectors.txt";

/** What is held to the class by its environment; of numpy and its own OpenBLAS a zygote looks whether that helped. */
const held: readonly RegExp[] = [
  /\/numpy\/_?core\/_(multiarray_umath|simd)\./,
  /\/[^/]*openblas[^/]*$/,
  /\/libm(vec)?[.-][^/]*$/,
  // Fortran's own product of matrices, which neither numpy nor BLAS calls.
  /\/libgfortran[.-][^/]*$/,
];

/** From how many on: the libraries that are known to be such have 280 and more, all others that were looked at 61 and less. */
const fewest = 100;

/** An instruction is told by its first bytes. */
const instructionHead = 5;

/** Finds the libraries below a root that calculate with AVX-512 where the processor has it; sorted, with a leading `/`. */
export function findWideLibraries(root: string): string[] {
  const wide: string[] = [];
  const libraries: string[] = [];
  const visit = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = posix.join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else if (entry.isFile() && /\.so(\.|$)/.test(entry.name) && !held.some((each) => each.test(path))) {
        libraries.push(path);
        if (countWide(join(root, path)) >= fewest) wide.push(path);
      }
    }
  };
  visit("/");
  // MKL loads a library of its own for each kind of processor: whoever has another kind loads its others.
  const family = wide.some(isMkl) ? libraries.filter(isMkl) : [];
  return [...new Set([...wide, ...family])].sort();
}

/** Puts the list of them into a tree. */
export function writeWideList(root: string): void {
  const lines = findWideLibraries(root).map((path) => `${path}\n`);
  const file = join(root, wideListPath);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, lines.join(""));
}

function isMkl(path: string): boolean {
  return basename(path).startsWith("libmkl_");
}

function countWide(path: string): number {
  let count = 0;
  for (const code of readCode(path, instructionHead - 1)) {
    const last = code.length - instructionHead;
    for (let at = code.indexOf(0x62); at >= 0 && at <= last; at = code.indexOf(0x62, at + 1))
      if (calculatesWide(code, at)) count++;
    if (count >= fewest) break;
  }
  return count;
}

/** Addition, multiplication, subtraction, division and square root of 32 or 64 bits. */
const arithmetic: ReadonlySet<number> = new Set([0x51, 0x58, 0x59, 0x5c, 0x5e]);

/** Whether an EVEX instruction calculates with floating-point numbers in registers of 512 bits (Intel SDM, volume 2, 2.7). */
function calculatesWide(code: Buffer, at: number): boolean {
  const [first, second, third, opcode] = [code[at + 1]!, code[at + 2]!, code[at + 3]!, code[at + 4]!];
  const isEvex = (first & 0x08) === 0 && (second & 0x04) !== 0;
  if (!isEvex || (third & 0x60) !== 0x40) return false;
  const [map, prefix, isDouble] = [first & 7, second & 3, second >> 7 === 1];
  if (map === 1) return arithmetic.has(opcode) && prefix === (isDouble ? 1 : 0);
  // Products that are added to: 96 to 9F, A6 to AF, B6 to BF.
  return map === 2 && prefix === 1 && opcode >= 0x96 && opcode <= 0xbf && (opcode & 0x0f) >= 6;
}
