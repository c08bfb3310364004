import { expect, it } from "vitest";

import { packagedNumbers } from "../../../src/sandbox/zygote/zygote-report.ts";
import { spellNumpyFeatures } from "../../../src/sandbox/zygote/numpy-features.ts";

const asked = { NPY_ENABLE_CPU_FEATURES: "X86_V3", OPENBLAS_CORETYPE: "Haswell" };

it.each(["2.4.0", "2.4.6", "2.10.1", "3.0.0", undefined])("names the level to numpy %s", (numpy) => {
  expect(spellNumpyFeatures(asked, numpy)).toEqual(asked);
});

it.each(["1.26.0", "2.0.2", "2.1.3", "2.2.6", "2.3.5"])(
  "disables what lies above it in numpy %s",
  (numpy) => {
    const { NPY_DISABLE_CPU_FEATURES: disabled = "", ...rest } = spellNumpyFeatures(asked, numpy);
    // numpy does not start where both variables are set.
    expect(rest).toEqual({ OPENBLAS_CORETYPE: "Haswell" });
    expect(disabled.split(" ")).toEqual(expect.arrayContaining(["AVX512F", "AVX512_SKX", "AVX512_ICL"]));
    expect(disabled).not.toMatch(/AVX2|FMA3/);
    expect(disabled.includes("AVX512_SPR")).toBe(numpy.startsWith("2.3"));
  },
);

it("asks an older level the same way, for the audit's other processor", () => {
  const told = spellNumpyFeatures({ NPY_ENABLE_CPU_FEATURES: "X86_V2" }, "2.2.6");
  expect(Object.keys(told)).toEqual(["NPY_DISABLE_CPU_FEATURES"]);
  expect(told["NPY_DISABLE_CPU_FEATURES"]).toMatch(/^AVX F16C FMA3 AVX2 AVX512F /);
});

it("leaves an environment alone that asks for no level", () => {
  expect(spellNumpyFeatures({ A: "b" }, "2.2.6")).toEqual({ A: "b" });
});

it.each(["1.26", "2.0", "2.1", "2.2", "2.3", "2.4"])("numbers are known of every numpy %s", (minor) => {
  const known = Object.keys(packagedNumbers()).filter((libraries) => libraries.startsWith(`numpy ${minor}.`));
  const patches = new Set(known.map((libraries) => /^numpy \d+\.\d+\.(\d+)/.exec(libraries)?.[1]));
  expect([...patches].map(Number).sort((a, b) => a - b)).toEqual(released[minor]);
});

/** The releases that have wheels for CPython 3.11; 2.4.0 has none any more. */
const released: Readonly<Record<string, readonly number[]>> = {
  "1.26": [0, 1, 2, 3, 4],
  "2.0": [0, 1, 2],
  "2.1": [0, 1, 2, 3],
  "2.2": [0, 1, 2, 3, 4, 5, 6],
  "2.3": [0, 1, 2, 3, 4, 5],
  "2.4": [1, 2, 3, 4, 5, 6],
};
