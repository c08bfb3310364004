/* Which of Debian's packages has a library that an image lacks. */
import { expect, it } from "vitest";

import { debianPackage, systemLibraryFix } from "../../../src/image/system-library.ts";

// As `dpkg -S` tells of Debian 12.
it.for([
  ["libGL.so.1", "libgl1"],
  ["libEGL.so.1", "libegl1"],
  ["libGLU.so.1", "libglu1-mesa"],
  ["libOSMesa.so.8", "libosmesa6"],
  ["libSM.so.6", "libsm6"],
  ["libXrender.so.1", "libxrender1"],
  ["libglib-2.0.so.0", "libglib2.0-0"],
  ["libSDL2-2.0.so.0", "libsdl2-2.0-0"],
  ["libvulkan.so.1", "libvulkan1"],
  ["libusb-1.0.so.0", "libusb-1.0-0"],
  ["libudev.so.1", "libudev1"],
  ["freetype", "libfreetype6"],
  ["libengine.so", undefined],
])("%s is in %s", ([library, name]) => {
  expect(debianPackage(library!)).toBe(name);
});

it("is locked and built in", () => {
  const problem = (library: string): string =>
    `a:B-v0 needs the system library ${library}, which is not in this image; build the image with the system package that has it`;
  expect(systemLibraryFix(problem("libGL.so.1"))).toBe(
    "`sameseed image lock --system libgl1 --out system.lock`, then build the image again with --system system.lock",
  );
  expect(systemLibraryFix(problem("libown.so"))).toContain("--system PACKAGE --out");
  expect(systemLibraryFix("a needs the module b, which is not in this image")).toBeUndefined();
});
