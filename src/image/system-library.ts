/** Debian's packages of libraries that it does not call by their names. */
const packages: Readonly<Record<string, string>> = {
  "libGLU.so.1": "libglu1-mesa",
  "libOSMesa.so.8": "libosmesa6",
  "libglib-2.0.so.0": "libglib2.0-0",
  "libgthread-2.0.so.0": "libglib2.0-0",
  GL: "libgl1",
  GLU: "libglu1-mesa",
  EGL: "libegl1",
  freetype: "libfreetype6",
  fontconfig: "libfontconfig1",
};

/** What Debian calls the package of a library, by its rules for names; undefined where the name does not tell. */
export function debianPackage(library: string): string | undefined {
  const [, stem, version] = /^(lib[\w.+-]+?)\.so\.(\d+)/.exec(library) ?? [];
  const known = packages[library];
  if (known !== undefined || stem === undefined) return known;
  return `${stem.toLowerCase().replaceAll("_", "-")}${/\d$/.test(stem) ? "-" : ""}${version}`;
}

/**
 * How an image gets the system library that a sentence of `python/sameseed/play/missing.py` names; undefined where it names none.
 */
export function systemLibraryFix(problem: string): string | undefined {
  const library = / needs the system library (\S+), which is not in this image/.exec(problem)?.[1];
  if (library === undefined) return undefined;
  const name = debianPackage(library);
  const called = name === undefined ? " (PACKAGE: the Debian package that has it)" : "";
  return `\`sameseed image lock --system ${name ?? "PACKAGE"} --out system.lock\`, then build the image again with --system system.lock${called}`;
}
