/* `image build --complete`: from a package that needs others it does not name to an image in one command, without a network. */
import { chmodSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";

import { makeLocalWheels } from "../unit/image/local-wheel.ts";
import { copyHome } from "./copy-home.ts";
import { Workplace, type Ended } from "./sameseed.ts";

const work = new Workplace();
const home = work.path("home");
let findLinks: string;

/** As much of Gymnasium as the listing of a package's environments looks at. */
const registry = `
import sys, types
for name in ("gymnasium.envs", "gymnasium.envs.registration"):
    sys.modules[name] = types.ModuleType(name)
envs = sys.modules["gymnasium.envs"]
envs.registration = sys.modules["gymnasium.envs.registration"]
envs.registration.registry = {}
class Env: pass
`;

const build = (...args: string[]): Promise<Ended> =>
  work.run(["image", "build", "needy", "--find-links", findLinks, "--json", ...args], {
    env: { SAMESEED_HOME: home },
  });

beforeAll(() => {
  chmodSync(work.folder, 0o755); // the sandboxes' own user must be able to enter
  copyHome(home);
  ({ findLinks } = makeLocalWheels(work.folder, "gymnasium", registry));
  makeLocalWheels(work.folder, "needy", "import near\n");
  makeLocalWheels(work.folder, "near", "import far\n");
  makeLocalWheels(work.folder, "far");
  makeLocalWheels(work.folder, "lost", "import nowhere\n");
});

afterAll(() => work[Symbol.dispose]());

it("adds what is missing, one after the other, and says what; without it, says how", async () => {
  const once = await build("--packages", "needy");
  expect(once.code).toBe(1);
  expect(JSON.parse(once.stdout)).toMatchObject({
    tried: [
      { package: "needy", needed: "near", fix: "sameseed image build needy --packages needy gymnasium near" },
    ],
  });
  const { code, stdout, stderr } = await build("--packages", "needy", "--complete");
  expect({ code, stderr: stderr.includes("Adding far") }).toEqual({ code: 0, stderr: true });
  expect(JSON.parse(stdout)).toMatchObject({
    packages: { far: "1.0", near: "1.0", needy: "1.0" },
    added: ["near", "far"],
    tried: [{ package: "needy", problem: null, needed: null, fix: null }],
  });
}, 240_000);

it("ends with what pip says where a module is no package's name", async () => {
  const { code, stderr } = await build("--packages", "lost", "--complete");
  expect(code).not.toBe(0);
  expect(stderr).toContain("nowhere");
}, 240_000);
