import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

import { checkBeforeUse } from "../../image/check-image.ts";
import { findCompiler } from "../../image/compile-native.ts";
import { bubblewrapNeeded, findBubblewrap } from "../../image/find-bubblewrap.ts";
import { findPython } from "../../image/find-python.ts";
import { resolveImage } from "../../image/image-store.ts";
import { bad, failed, good, poor, type DoctorCheck } from "./verdicts.ts";

/** What is installed: the outer wall's program, the image, and what images are built with. */
export async function checkTools(image: string): Promise<DoctorCheck[]> {
  return [await checkBubblewrap(), checkCompiler(), await checkPython(), ...checkImage(image)];
}

async function checkBubblewrap(): Promise<DoctorCheck> {
  try {
    const found = await findBubblewrap();
    if (found !== undefined) return good("bubblewrap", `${found.version} at ${found.path}`);
    const fix = "`sameseed setup` installs it, or: apt-get install bubblewrap";
    return bad("bubblewrap", `not installed in version ${bubblewrapNeeded} or newer`, fix);
  } catch (error) {
    return failed("bubblewrap", error);
  }
}

/** An image that stands needs no compiler; the next one will. */
function checkCompiler(): DoctorCheck {
  try {
    return good("C compiler", findCompiler());
  } catch (error) {
    const { detail, fix } = failed("C compiler", error);
    return poor("C compiler", `${detail}; images cannot be built`, fix);
  }
}

async function checkPython(): Promise<DoctorCheck> {
  try {
    const python = await findPython();
    if (existsSync(join(python.include, "Python.h")))
      return good("Python", `${python.version} at ${python.executable}, with venv and headers`);
    return poor(
      "Python",
      `${python.version} at ${python.executable} has no headers; images cannot be built`,
      "install Python's development files (on Debian and Ubuntu: apt-get install python3-dev)",
    );
  } catch (error) {
    const { detail, fix } = failed("Python", error);
    return poor("Python", `${detail}; images cannot be built`, fix);
  }
}

function checkImage(name: string): DoctorCheck[] {
  try {
    const image = resolveImage(name);
    checkBeforeUse(image);
    const { digest, python } = image.manifest;
    return [
      good("image", `${name} is ${digest.slice(0, 12)}, with Python ${python}`),
      checkReach(image.rootfs, process.getuid?.() === 0),
    ];
  } catch (error) {
    return [failed("image", error)];
  }
}

/**
 * Whether the id that sandboxes run as can enter every folder above an image: as root, that is nobody's id.
 * @param asOther whether it is another one than this process's own
 */
export function checkReach(rootfs: string, asOther: boolean): DoctorCheck {
  if (!asOther) return good("image folder", "sandboxes run as this user");
  const closed: string[] = [];
  for (let folder = rootfs; folder !== dirname(folder); folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) closed.push(folder);
  }
  if (closed.length === 0) return good("image folder", "open to the id that sandboxes run as");
  return bad(
    "image folder",
    `the id that sandboxes run as cannot enter ${closed.join(", ")}`,
    `chmod o+x ${closed.join(" ")}, or set SAMESEED_HOME to a folder that everybody can enter`,
  );
}
