/* From names of packages to an image, without a network: wheels and source archives are made here. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildAgainWith, neededPackage } from "../../../src/image/build-again.ts";
import { buildImage } from "../../../src/image/build-image.ts";
import { lockPath } from "../../../src/image/publish-image.ts";
import type { ResolvedImage } from "../../../src/image/image-store.ts";
import { checkPackages } from "../../../src/image/resolve-packages.ts";
import { makeLocalWheels } from "./local-wheel.ts";

let folder: string;
let findLinks: string;
let images: string;

const build = (over: Partial<Parameters<typeof buildImage>[0]>): Promise<ResolvedImage> =>
  buildImage({ name: "mine", findLinks, sources: join(folder, "sources"), images, ...over });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sameseed-packages-"));
  images = join(folder, "images");
  ({ findLinks } = makeLocalWheels(folder, "gymnasium"));
  makeLocalWheels(folder, "tinywheel");
  makeSourceArchive(findLinks, "tiny-source", "VALUE = 7\n");
  for (const name of ["python/sameseed", "python/envs", "native"])
    mkdirSync(join(folder, "sources", name), { recursive: true });
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("packages by name", () => {
  let built: ResolvedImage;
  const told: string[] = [];

  beforeAll(async () => {
    const packages = ["tinywheel", "Tiny_Source==1.0"];
    built = await build({ packages, onProgress: (message) => told.push(message) });
  });

  it("become an image with an interface for environments, and what had to be built was said", () => {
    expect(built.manifest.packages).toEqual({ gymnasium: "1.0", "tiny-source": "1.0", tinywheel: "1.0" });
    expect(told).toContain("Resolving tinywheel, Tiny_Source==1.0, gymnasium");
    expect(told.filter((line) => line.startsWith("Built from source"))).toEqual([
      "Built from source on this host: tiny_source-1.0-py3-none-any.whl",
    ]);
  });

  it("keep their lock beside it, of which the same image is built, wheels that were built too", async () => {
    const lock = readFileSync(lockPath(built), "utf8");
    const wheels = join(built.rootfs, "../wheels");
    expect(readdirSync(wheels)).toEqual(["tiny_source-1.0-py3-none-any.whl"]);
    const hash = createHash("sha256")
      .update(readFileSync(join(wheels, readdirSync(wheels)[0]!)))
      .digest("hex");
    expect(lock).toContain(
      `tiny-source==1.0 \\\n    --hash=sha256:${hash}\n    # built from the source archive sha256:`,
    );
    const copy = join(folder, "copy.lock");
    writeFileSync(
      copy,
      lock.replace("--find-links wheels", `--find-links ${wheels}\n--find-links ${findLinks}\n--no-index`),
    );
    const elsewhere = await build({
      requirements: copy,
      findLinks: undefined,
      images: join(folder, "elsewhere"),
    });
    expect(elsewhere.manifest).toEqual(built.manifest);
  });

  it("are named again, with their versions, where one more is needed", async () => {
    const again = (name: string, more: string, { digest } = built.manifest): string =>
      buildAgainWith({ name, digest }, more, images);
    const command = "sameseed image build mine --packages tinywheel Tiny_Source==1.0 gymnasium";
    expect(again("mine", "setuptools<81")).toBe(`${command} 'setuptools<81'`);
    expect(again("mine", "tiny-source==2.0")).toBe(
      "sameseed image build mine --packages tinywheel gymnasium tiny-source==2.0",
    );
    // Its digest is no name, and the name of a lock that comes with Sameseed is not the user's.
    expect(again(built.manifest.digest, "a")).toBe(`${command.replace("mine", "NAME")} a`);
    expect(again("box2d", "a")).toBe(`${command.replace("mine", "NAME")} a`);
    // Of an image on another host nothing is known.
    expect(again("mine", "a", { ...built.manifest, digest: "0".repeat(64) })).toBe(
      "sameseed image build NAME --packages a",
    );
    // An image that comes with Sameseed is known by its name, wherever it is.
    expect(again("mujoco", "a", { ...built.manifest, digest: "0".repeat(64) })).toBe(
      "sameseed image build NAME --packages 'gymnasium[mujoco]' a --env PYGLFW_LIBRARY=/opt/python/site-packages/glfw/x11/libglfw.so",
    );
    const env = { MAPS: "/a b", PYGLET_HEADLESS: "True" };
    const varied = await build({ name: "varied", packages: ["tinywheel [x] >= 1.0"], env });
    expect(buildAgainWith({ name: "varied", digest: varied.manifest.digest }, "a", images)).toBe(
      "sameseed image build varied --packages 'tinywheel[x]>=1.0' gymnasium a --env 'MAPS=/a b' --env PYGLET_HEADLESS=True",
    );
  });

  it("are not resolved again for the same name, but with `rebuild`", async () => {
    const again: string[] = [];
    const packages = ["tinywheel", "Tiny_Source==1.0"];
    const onProgress = (message: string): unknown => again.push(message);
    const same = await build({ packages, findLinks: join(folder, "nothing-there"), onProgress });
    expect([same.manifest, again]).toEqual([built.manifest, []]);
    const rebuilt = await build({ packages, rebuild: true, onProgress });
    expect(again[0]).toMatch(/^Resolving /);
    expect(rebuilt.manifest).toEqual(built.manifest);
  });

  it("of which one has no wheel are refused where source archives are not wanted, with the way out", async () => {
    const refused = build({ name: "other", packages: ["tiny-source"], buildSource: false });
    await expect(refused).rejects.toMatchObject({
      code: "image_build_failed",
      message: expect.stringMatching(/finds no wheel of tiny-source for Python 3\.\d+ on /) as string,
      hint: expect.stringContaining("--build-source") as string,
    });
    expect(existsSync(join(images, "names/other.json"))).toBe(false);
  });

  it("are taken in their newest version, built where only older ones have a wheel; of wheels alone it is said", async () => {
    makeLocalWheels(folder, "grown");
    makeSourceArchive(findLinks, "grown", "VALUE = 9\n", "", "2.0");
    const versionOf = async (asked: string, more: Partial<Parameters<typeof buildImage>[0]> = {}) => {
      const notes: string[] = [];
      const onProgress = (message: string): unknown => notes.push(message);
      const { manifest } = await build({ name: "grown", packages: [asked], onProgress, ...more });
      return [manifest.packages["grown"], notes.filter((note) => note.includes("not the newest"))];
    };
    expect(await versionOf("grown")).toEqual(["2.0", []]);
    expect(await versionOf("grown<2")).toEqual(["1.0", []]);
    expect(await versionOf("grown", { buildSource: false })).toEqual([
      "1.0",
      [
        "grown 1.0 is not the newest: 2.0 has no wheel for this Python, or does not go with the other packages",
      ],
    ]);
    makeSourceArchive(findLinks, "grown", "", "", "3.0", false);
    expect(await versionOf("grown", { rebuild: true })).toEqual([
      "1.0",
      [
        expect.stringMatching(
          /^grown 1\.0 is not the newest: 3\.0 was tried, and the packages of .* could not be built: /,
        ),
      ],
    ]);
  });

  it("that are none are refused before anything is run", async () => {
    for (const name of [
      "-e.",
      "--index-url=x",
      "./folder",
      "a @ file:///x",
      "https://x.invalid/a.whl",
      "",
      "a;b",
      "a\nb",
    ]) {
      await expect(build({ packages: [name] }), name).rejects.toMatchObject({ code: "bad_argument" });
    }
    await expect(build({ packages: [] })).rejects.toMatchObject({ code: "bad_argument" });
    await expect(build({})).rejects.toMatchObject({ code: "bad_argument" });
    await expect(build({ packages: ["a"], requirements: "b" })).rejects.toMatchObject({
      code: "bad_argument",
    });
    expect(checkPackages(["Gymnasium[box2d] >= 1.0, <2"])).toEqual(["Gymnasium[box2d] >= 1.0, <2"]);
    expect(checkPackages(["pettingzoo==1.26.1"])).toEqual(["pettingzoo==1.26.1"]);
  });
});

it.for([
  ["OverflowError: Python integer 1024 out of bounds for uint8", "numpy<2"],
  ["a needs another version of numpy: module 'numpy' has no attribute 'bool8' (a/b.py:3)", "numpy<2"],
  ["a needs another version of numpy: module 'numpy' has no attribute 'bool'. `np.bool` was", "numpy<1.24"],
  [
    "a needs the module cv2.aruco (package opencv-python-headless), which is not in this image",
    "opencv-python-headless",
  ],
  ["a needs the module tkinter of Python's standard library, which this image does not have", undefined],
  ["a needs another version of gym: module 'gym' has no attribute 'spec'", undefined],
])("what is needed is read from %j", ([message, needed]) => {
  expect(neededPackage(message!)).toBe(needed);
});

describe("a source archive from years ago", () => {
  it("is built with the tools of then, where those of today refuse it", async () => {
    makeSourceArchive(findLinks, "tiny-old", "VALUE = 8\n", "setuptools<58");
    const old = await build({ name: "old", packages: ["tiny-old"] });
    expect(old.manifest.packages).toMatchObject({ "tiny-old": "1.0" });
    // Where it fails with those, too, the reason is the first one.
    makeSourceArchive(findLinks, "tiny-never", "", "setuptools<1");
    await expect(build({ name: "never", packages: ["tiny-never"] })).rejects.toMatchObject({
      message: expect.stringContaining("use_2to3 is invalid") as string,
    });
  });
});

describe("a lock with a source archive", () => {
  it("is refused, and built on request; a forged archive is not", async () => {
    const archive = join(findLinks, "tiny_source-1.0.tar.gz");
    const hash = createHash("sha256").update(readFileSync(archive)).digest("hex");
    const requirements = join(folder, "source.lock");
    writeFileSync(requirements, `tiny-source==1.0 --hash=sha256:${hash}\n`);
    await expect(build({ name: "s", requirements })).rejects.toMatchObject({
      hint: expect.stringContaining("--build-source") as string,
    });
    const built = await build({ name: "s", requirements, buildSource: true });
    expect(built.manifest.packages).toEqual({ "tiny-source": "1.0" });
    writeFileSync(requirements, `tiny-source==1.0 --hash=sha256:${"0".repeat(64)}\n`);
    await expect(build({ name: "s", requirements, buildSource: true })).rejects.toMatchObject({
      code: "image_build_failed",
      hint: expect.stringContaining("not the one the lock names") as string,
    });
  });

  it("as uv writes it in its other notation is taken", async () => {
    const wheel = createHash("sha256").update(
      readFileSync(join(findLinks, "tinywheel-1.0-py3-none-any.whl")),
    );
    const requirements = join(folder, "pylock.toml");
    const entry = `[[packages]]\nname = "tinywheel"\nversion = "1.0"\nwheels = [{ url = "https://x.invalid/t.whl", hashes = { sha256 = "${wheel.digest("hex")}" } }]\n`;
    writeFileSync(requirements, `lock-version = "1.0"\ncreated-by = "uv"\n\n${entry}`);
    expect((await build({ name: "p", requirements })).manifest.packages).toEqual({ tinywheel: "1.0" });
    writeFileSync(
      requirements,
      `lock-version = "1.0"\n[[packages]]\nname = "here"\ndirectory = { path = "." }\n`,
    );
    await expect(build({ name: "p", requirements })).rejects.toMatchObject({
      code: "bad_argument",
      message: expect.stringContaining("here is neither a wheel nor a source archive") as string,
    });
  });
});

/** A source archive whose build program is its own, so that building it needs nothing else. */
/** @param needs the line of pip's constraints without which it fails as an old setup.py does; none where it needs none */
function makeSourceArchive(
  place: string,
  name: string,
  body: string,
  needs = "",
  version = "1.0",
  isBuilt = true,
): void {
  const module = name.replaceAll("-", "_");
  const backend = `import os, sys, zipfile
constraints = os.environ.get("PIP_CONSTRAINT", os.devnull).split()[-1]
if "${needs}" not in [*open(constraints).read().split(), ""]:
    sys.exit("error in ${name} setup command: use_2to3 is invalid.")
def prepare_metadata_for_build_wheel(directory, config_settings=None):
    info = "${module}-${version}.dist-info"
    os.makedirs(os.path.join(directory, info))
    with open(os.path.join(directory, info, "METADATA"), "w") as file:
        file.write("Metadata-Version: 2.1\\nName: ${name}\\nVersion: ${version}\\n")
    return info
def build_wheel(directory, config_settings=None, metadata_directory=None):
    if not ${isBuilt ? "True" : "False"}:
        sys.exit("error: no compiler")
    info = "${module}-${version}.dist-info"
    with zipfile.ZipFile(os.path.join(directory, "${module}-${version}-py3-none-any.whl"), "w") as wheel:
        for name, text in {"${module}/__init__.py": ${JSON.stringify(body)}, info + "/METADATA": "Metadata-Version: 2.1\\nName: ${name}\\nVersion: ${version}\\n", info + "/WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n", info + "/RECORD": ""}.items():
            wheel.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text)
    return "${module}-${version}-py3-none-any.whl"
`;
  const files = {
    "backend.py": backend,
    "PKG-INFO": `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`,
    "pyproject.toml": `[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n[project]\nname = "${name}"\nversion = "${version}"\n`,
  };
  const source = join(place, `../${module}-${version}`);
  mkdirSync(source);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(source, file), text);
  execFileSync("tar", [
    "-czf",
    join(place, `${module}-${version}.tar.gz`),
    "-C",
    join(place, ".."),
    `${module}-${version}`,
  ]);
}
