import { existsSync } from "node:fs";
import { join } from "node:path";

import { SameseedError } from "../../../base/error.ts";
import { defaultImageName } from "../../../image/default-image.ts";
import { resolveImage } from "../../../image/image-store.ts";
import { isImageThere } from "../../../image/is-image-there.ts";
import { pythonFences } from "../../../judge/extract-code.ts";

/** How a program of a language is run. */
export interface ProgramLanguage {
  /** What its text is written to. */
  readonly file: string;
  /** What makes a program of it, by its path in the image. @default nothing */
  readonly compile?: readonly string[];
  readonly run: readonly string[];
  /** Info strings of fences that hold it, in lower case. */
  readonly fences: readonly string[];
}

/** The image that programs run in, where the store has one of this name. */
const ownImage = "sandbox-fusion";

const python: ProgramLanguage = { file: "main.py", run: ["python3", "main.py"], fences: pythonFences };
/** The protocol's languages that one program of an image runs. */
const others: ReadonlyMap<string, ProgramLanguage> = new Map([
  ["bash", { file: "main.sh", run: ["/usr/bin/bash", "main.sh"], fences: ["bash", "sh"] }],
  [
    "cpp",
    {
      file: "main.cpp",
      compile: ["/usr/bin/g++", "-std=c++17", "-O2", "main.cpp", "-o", "main"],
      run: ["./main"],
      fences: ["cpp", "c++"],
    },
  ],
  ["lua", { file: "main.lua", run: ["/usr/bin/lua", "main.lua"], fences: ["lua"] }],
  ["nodejs", { file: "main.js", run: ["/usr/bin/node", "main.js"], fences: ["javascript", "js"] }],
  ["perl", { file: "main.pl", run: ["/usr/bin/perl", "main.pl"], fences: ["perl"] }],
  ["php", { file: "main.php", run: ["/usr/bin/php", "main.php"], fences: ["php"] }],
  ["R", { file: "main.R", run: ["/usr/bin/Rscript", "main.R"], fences: ["r"] }],
  ["ruby", { file: "main.rb", run: ["/usr/bin/ruby", "main.rb"], fences: ["ruby"] }],
]);

/** The image that programs run in. */
export function programImage(): string {
  return isImageThere(ownImage) ? ownImage : defaultImageName;
}

/**
 * How a program of a language is run in an image.
 * @throws `bad_argument` where the image cannot, with the languages that it can run
 */
export function languageOf(name: string, image: string): ProgramLanguage {
  if (name === "python") return python;
  const { rootfs } = resolveImage(image);
  const found = others.get(name);
  if (found !== undefined && isIn(rootfs, found)) return found;
  const offered = ["python", ...[...others].filter(([, each]) => isIn(rootfs, each)).map(([each]) => each)];
  const listed = offered.join(", ");
  throw new SameseedError("bad_argument", `this server runs ${listed}, not ${name.slice(0, 40)}`, {
    hint:
      found === undefined
        ? `send one of ${listed}`
        : `build an image \`${ownImage}\` that has ${programOf(found)}: \`sameseed image build ${ownImage} --add\``,
    context: { issues: [{ path: "language", message: `only ${listed} can be run` }] },
  });
}

function programOf({ compile, run }: ProgramLanguage): string {
  return (compile ?? run)[0]!;
}

/** An image's paths have no links out of it that lead to the host: `--add` copies what they lead to. */
function isIn(rootfs: string, language: ProgramLanguage): boolean {
  return existsSync(join(rootfs, programOf(language)));
}
