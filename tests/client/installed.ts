/* Packages that `npm test` installs for tests of clients and stores. */
import { existsSync } from "node:fs";

import { testPackages } from "../../scripts/steps.mjs";

/** The folder of the packages of a lock. */
export function installed(
  name: "doors-python" | "python-client" | "tensorlake-python" | "tensorlake-npm" | "s3-server",
): string {
  const folder: string = testPackages(name);
  if (existsSync(folder)) return folder;
  throw new Error(`${folder} is not there: npm test brings it, or setUpTestPackages() of scripts/steps.mjs`);
}
