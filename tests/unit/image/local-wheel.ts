import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A folder of wheels and a lock that names them, both made here, so that no test needs a network. */
export interface LocalWheels {
  readonly findLinks: string;
  readonly lock: string;
  readonly lockText: string;
}

/** Makes a pure-Python wheel with one module, and a lock with its hash. */
export function makeLocalWheels(folder: string, name = "tinywheel", body = "VALUE = 42\n"): LocalWheels {
  const findLinks = join(folder, "wheels");
  mkdirSync(findLinks, { recursive: true });
  const wheel = join(findLinks, `${name}-1.0-py3-none-any.whl`);
  const info = `${name}-1.0.dist-info`;
  const files = {
    [`${name}/__init__.py`]: body,
    [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: 1.0\n`,
    [`${info}/WHEEL`]: "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    [`${info}/entry_points.txt`]: `[console_scripts]\n${name} = ${name}:main\n`,
    [`${info}/RECORD`]: "",
  };
  const zip =
    "import json,sys,zipfile\nz=zipfile.ZipFile(sys.argv[1],'w')\n[z.writestr(n,t) for n,t in json.loads(sys.argv[2]).items()]\nz.close()";
  execFileSync("python3", ["-c", zip, wheel, JSON.stringify(files)]);
  const hash = createHash("sha256").update(readFileSync(wheel)).digest("hex");
  const lock = join(folder, `${name}.lock`);
  const lockText = `# A lock.\n${name}==1.0 \\\n    --hash=sha256:${hash}\n`;
  writeFileSync(lock, lockText);
  return { findLinks, lock, lockText };
}
