import { defaultImageName } from "./image-names.ts";
import { nearestName } from "../base/known-options.ts";
import { packagedLockNames } from "./runtime-files.ts";

/** An image whose lock comes with Sameseed, and the environments that it is for. */
interface ShippedImage {
  readonly name: string;
  readonly environments: RegExp;
  /** What to ask pip for instead, where other packages are wanted beside it. */
  readonly packages: string;
  /** Variables that it gets. */
  readonly env?: Readonly<Record<string, string>>;
}

const shipped: readonly ShippedImage[] = [
  {
    name: "box2d",
    environments: /^(LunarLander|BipedalWalker|CarRacing)/,
    packages: "gymnasium[box2d]",
  },
  {
    name: "mujoco",
    environments:
      /^(Ant|HalfCheetah|Hopper|Humanoid|InvertedDoublePendulum|InvertedPendulum|Pusher|Reacher|Swimmer|Walker2d)/,
    packages: "gymnasium[mujoco]",
    // Without it, glfw starts a program that looks for the library each time it is imported.
    env: { PYGLFW_LIBRARY: "/opt/python/site-packages/glfw/x11/libglfw.so" },
  },
  { name: "atari", environments: /^(ale_py:)?ALE\//, packages: "ale-py" },
  { name: "minigrid", environments: /^(minigrid:)?(MiniGrid|BabyAI)-/, packages: "minigrid" },
  { name: "pettingzoo", environments: /^pettingzoo\b/, packages: "pettingzoo" },
];

/** The names of images whose locks come with Sameseed, other than the default one, sorted. */
export function shippedImages(): string[] {
  return packagedLockNames().filter((name) => name !== defaultImageName && name !== "bubblewrap");
}

/** The shipped image that has an environment; undefined where none has. */
export function shippedImageFor(
  environment: string,
): { readonly name: string; readonly packages: string } | undefined {
  return shipped.find(({ environments }) => environments.test(environment));
}

/** What to ask pip for instead of a shipped image; undefined for others, and for the default one. */
export function shippedPackages(name: string): string | undefined {
  return shipped.find((image) => image.name === name)?.packages;
}

/** The variables of a shipped image. */
export function shippedEnv(name: string): Readonly<Record<string, string>> {
  return shipped.find((image) => image.name === name)?.env ?? {};
}

/** What to do where there is no image of this name. @param known the names of the images that there are */
export function missingImageHint(name: string, known: readonly string[]): string {
  const list = "`sameseed image list` lists the images";
  const near = nearestName(name, [...known, ...shippedImages()]);
  if (near === undefined || near === name) return `${list}, and \`${buildCommand(name)}\` builds one`;
  const build = known.includes(near) ? list : `\`${buildCommand(near)}\` builds it`;
  return `did you mean ${near}? ${build}`;
}

/** The command that builds an image of this name; with a place to fill in where its lock is the user's own. */
export function buildCommand(name: string): string {
  return shippedImages().includes(name)
    ? `sameseed image build ${name}`
    : `sameseed image build ${name} --packages PACKAGE …`;
}
