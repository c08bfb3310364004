import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, it } from "vitest";

import { resolveImage } from "../../../src/image/image-store.ts";
import { findWideLibraries } from "../../../src/image/wide-vectors.ts";

const root = mkdtempSync(join(tmpdir(), "wide-"));
const folder = join(root, "site-packages/fast");
afterAll(() => rmSync(root, { recursive: true }));
beforeEach(() => {
  rmSync(root, { recursive: true });
  mkdirSync(folder, { recursive: true });
});

/** A library for x86-64 of one segment: this code, in memory that may run or may not. */
function library(code: Buffer, flags = 5): Buffer {
  const head = Buffer.alloc(64 + 56);
  head.write("\x7fELF\x02\x01\x01", "latin1");
  head.writeUInt16LE(3, 16);
  head.writeUInt16LE(62, 18);
  head.writeBigUInt64LE(64n, 32);
  head.writeUInt16LE(56, 54);
  head.writeUInt16LE(1, 56);
  head.writeUInt32LE(1, 64);
  head.writeUInt32LE(flags, 68);
  head.writeBigUInt64LE(BigInt(head.length), 72);
  head.writeBigUInt64LE(BigInt(code.length), 96);
  head.writeBigUInt64LE(BigInt(code.length), 104);
  return Buffer.concat([head, code]);
}

/** `vaddps zmm0, zmm1, zmm2`, whose first five bytes tell what it is. */
const addition = Buffer.from("62f1744858c2", "hex");

function put(name: string, content: Buffer): void {
  writeFileSync(join(folder, name), content);
}

const many = (hex: string): Buffer => library(Buffer.concat(Array(150).fill(Buffer.from(hex, "hex"))));

it.each([
  ["vaddps zmm", "62f1744858c2", true],
  ["vmulpd zmm", "62f1f54859c2", true],
  ["vfmadd231ps zmm", "62f27548b8c2", true],
  ["vfnmadd132pd zmm, masked", "62f2f5499cc2", true],
  ["vdivps zmm16", "62a174405ec2", true],
  ["vaddps ymm", "62f1742858c2", false],
  ["vpaddd zmm, of integers", "62f17548fec2", false],
  ["vmovups zmm", "62f17c4810c1", false],
  ["vpermps zmm", "62f2754816c2", false],
  ["vaddps xmm of AVX", "c5f058c2", false],
])("%s", (_, hex, isWide) => {
  put("core.so", many(hex));
  expect(findWideLibraries(root)).toEqual(isWide ? ["/site-packages/fast/core.so"] : []);
});

it("what a compiler makes of sums is told by what it may use", () => {
  const source = join(root, "sum.c");
  const steps = Array.from({ length: 120 }, () => "a = a * b; a = a + c;").join("\n");
  writeFileSync(
    source,
    `typedef T v __attribute__((vector_size(64))); void f(v *p) { v a = p[0], b = p[1], c = p[2];\n${steps}\np[0] = a; }`,
  );
  const compile = (name: string, type: string, flag: string): void => {
    const options = ["-shared", "-fPIC", "-O1", "-ffp-contract=off", flag, `-DT=${type}`];
    execFileSync("cc", [...options, "-o", join(folder, name), source]);
  };
  compile("wide.so.1", "double", "-mavx512f");
  compile("float.cpython-311-x86_64-linux-gnu.so", "float", "-mavx512f");
  compile("narrow.so", "double", "-mavx2");
  compile("whole.so", "int", "-mavx512f");
  expect(findWideLibraries(root)).toEqual([
    "/site-packages/fast/float.cpython-311-x86_64-linux-gnu.so",
    "/site-packages/fast/wide.so.1",
  ]);
});

it("counts each instruction once, wherever it lies between two parts of the code", () => {
  const part = (1 << 20) - 4;
  const code = Buffer.alloc(part * 9, 0x90);
  // One at each place around the borders of eight parts, and the rest anywhere.
  for (let border = 1; border <= 8; border++) addition.copy(code, border * part - border + 5);
  for (let rest = 0; rest < 92; rest++) addition.copy(code, 1000 + rest * 6);
  put("all.so", library(code));
  code.fill(0x90, 1000, 1006);
  put("one-less.so", library(code));
  expect(findWideLibraries(root)).toEqual(["/site-packages/fast/all.so"]);
});

it("leaves out what is held to the class, what cannot run, and what is no library", () => {
  const wide = many("62f1744858c2");
  mkdirSync(join(root, "numpy/_core"), { recursive: true });
  writeFileSync(join(root, "numpy/_core/_multiarray_umath.cpython-311-x86_64-linux-gnu.so"), wide);
  for (const name of ["libscipy_openblas64_-32a4b2a6.so", "libm.so.6", "libmvec.so.1", "libgfortran.so.5"])
    put(name, wide);
  put("data.so", library(Buffer.concat(Array(150).fill(addition)), 6));
  put("cut-short.so", wide.subarray(0, 80));
  put("empty.so", Buffer.alloc(0));
  put("script.so", Buffer.from("INPUT(libother.so)\n"));
  put("program", wide);
  expect(findWideLibraries(root)).toEqual([]);
});

it("names the whole family of MKL where one of it is wide", () => {
  put("libmkl_avx512.so.2", many("62f1744858c2"));
  put("libmkl_avx2.so.2", library(Buffer.alloc(64, 0x90)));
  put("libother.so", library(Buffer.alloc(64, 0x90)));
  expect(findWideLibraries(root)).toEqual([
    "/site-packages/fast/libmkl_avx2.so.2",
    "/site-packages/fast/libmkl_avx512.so.2",
  ]);
});

it("nothing in the image that comes with Sameseed is one", () => {
  expect(findWideLibraries(resolveImage("gymnasium").rootfs)).toEqual([]);
});
