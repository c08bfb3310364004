/*
 * How numpy is told which vector code to use. From 2.4 on it knows the levels of x86-64 by name and can be told which one to
 * enable. Before, it knows single features, and naming what it does not know turns off all of them; so what lies above
 * the level is disabled there. It refuses to start where both variables are set.
 */

const enable = "NPY_ENABLE_CPU_FEATURES";
const disable = "NPY_DISABLE_CPU_FEATURES";

/** What numpy before 2.4 has code for beyond a level. Names that a release does not know it only warns of. */
const aboveV3 = "AVX512F AVX512CD AVX512_KNL AVX512_KNM AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL".split(
  " ",
);
const above: Readonly<Record<string, readonly string[]>> = {
  X86_V3: aboveV3,
  X86_V2: ["AVX", "F16C", "FMA3", "AVX2", ...aboveV3],
};

/** An environment that asks numpy for a level, as the numpy of an image understands it. @param numpy its version, if there is one */
export function spellNumpyFeatures(
  environment: Readonly<Record<string, string>>,
  numpy: string | undefined,
): Readonly<Record<string, string>> {
  const [major = 0, minor = 0] = (numpy ?? "").split(".").map(Number);
  const level = environment[enable];
  if (numpy === undefined || level === undefined || major > 2 || (major === 2 && minor >= 4))
    return environment;
  const features = above[level];
  if (features === undefined) return environment;
  const { [enable]: _level, ...rest } = environment;
  // Sapphire Rapids' is known from 2.3 on.
  const newest = major === 2 && minor >= 3 ? ["AVX512_SPR"] : [];
  return { ...rest, [disable]: [...features, ...newest].join(" ") };
}
