/* Which environments a package registers, found out beside a Gymnasium that is only a registry. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

import { builderProgram } from "../../../src/image/runtime-files.ts";

const site = mkdtempSync(join(tmpdir(), "sameseed-listing-"));
afterAll(() => rmSync(site, { recursive: true, force: true }));

const gymnasium = {
  "gymnasium/__init__.py": "from gymnasium.envs.registration import register\n",
  "gymnasium/envs/__init__.py": "",
  "gymnasium/envs/registration.py":
    "registry = {}\ndef register(id, entry_point=None):\n    registry[id] = None\n",
};

const packages: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  atonce: { "atonce/__init__.py": "import gymnasium\ngymnasium.register('Once-v0')\n" },
  Within: {
    "Within/__init__.py": "",
    "Within/gym_envs/__init__.py": "import gymnasium\ngymnasium.register(\n    id='within/Deep-v0')\n",
    "Within/a_script.py":
      "import sys\ngymnasium = None\nsys.exit('usage')\ngymnasium.register('Script-v0')\n",
    "Within/broken.py": "import gymnasium, nothing_like_it\ngymnasium.register(id='within/Broken-v0')\n",
  },
  oncalled: {
    "oncalled/__init__.py":
      "import gymnasium\ndef register_envs(prefix=''):\n    gymnasium.register(id=prefix + 'Called-v0')\n",
  },
  littered: {
    "littered/__init__.py": "import gymnasium\ngymnasium.register('Clean-v0')\n",
    "20240527_debug/__init__.py": "raise SystemExit('not a module of the package')\n",
    "tests/helper.py": "",
  },
  windowed: {
    "windowed/__init__.py":
      "class NoSuchDisplayException(Exception):\n    pass\nraise NoSuchDisplayException('Cannot connect to \"None\"')\n",
  },
  needy: {
    "needy/__init__.py": "def register_envs(names):\n    pass\n",
  },
  nothing: { "nothing/__init__.py": "" },
  herds: {
    "herds/__init__.py": "",
    "herds/field/__init__.py": "",
    "herds/field/field.py": "def parallel_env():\n    pass\n",
    "herds/field_v3.py": "from herds.field.field import parallel_env\n",
    "herds/needy_v1.py": "import nothing_like_it\nparallel_env = None\n",
    "herds/turns_v1.py": "env = 'one whose agents take turns'\n",
  },
  broken: { "broken/__init__.py": "import nothing_like_it\n" },
  other_name: {
    "called_so/__init__.py": "import gymnasium\ngymnasium.register('Other-v0')\n",
    "tests/__init__.py": "raise SystemExit('not a module of the package')\n",
  },
};

/** Packages as images have them whose builder wrote no names of modules: the list of files is not kept. */
const unlisted: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  long_roads: { "roads/__init__.py": "import gymnasium\ngymnasium.register('Road-v0')\n" },
  sci_learn: { "sclrn/__init__.py": "raise SystemExit('not asked for')\n" },
};

/** What the builder of a wheel wrote of its modules: their names, or, as many do, only the list of all files. */
function listOf(name: string, files: readonly string[]): Readonly<Record<string, string>> {
  if (name in unlisted) return {};
  return name === "other_name"
    ? {
        RECORD: [...files, `${name}-1.0.dist-info/METADATA`, "../../bin/play.py"]
          .map((file) => `${file},,\n`)
          .join(""),
      }
    : { "top_level.txt": name === "littered" ? "20240527_debug\nlittered\ntests\n" : `${name}\n` };
}

function put(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(site, name)), { recursive: true });
    writeFileSync(join(site, name), text);
  }
}

beforeAll(() => {
  put(gymnasium);
  for (const [name, files] of Object.entries({ ...packages, ...unlisted })) {
    const about = `${name}-1.0.dist-info`;
    put({
      ...files,
      [`${about}/METADATA`]: `Metadata-Version: 2.1\nName: ${name.replaceAll("_", "-")}\nVersion: 1.0\n`,
      ...Object.fromEntries(
        Object.entries(listOf(name, Object.keys(files))).map(([file, text]) => [`${about}/${file}`, text]),
      ),
    });
  }
});

it("finds what is registered at once, in a module, and by a function that is to be called, and parallel environments", () => {
  const env = {
    ...process.env,
    PYTHONPATH: `${site}:${join(import.meta.dirname, "../../../python")}`,
    PACKAGES: JSON.stringify([
      "atonce",
      "littered",
      "within",
      "oncalled",
      "windowed",
      "needy",
      "nothing",
      "herds",
      "broken",
      "other-name",
      "long-roads",
      "sci-learn",
    ]),
  };
  const said = execFileSync("python3", ["-B", builderProgram("list_environments.py")], { env });
  const none = { names: [], error: null, call: null };
  expect(JSON.parse(said.toString())).toEqual({
    atonce: { ...none, names: ["atonce:Once-v0"] },
    littered: { ...none, names: ["littered:Clean-v0"] },
    within: { ...none, names: ["Within.gym_envs:within/Deep-v0"] },
    oncalled: { ...none, call: "oncalled.register_envs()" },
    windowed: {
      ...none,
      error: expect.stringMatching(
        /^windowed cannot be imported: .*"None" \(__init__\.py:3\) \(a sandbox has no screen; .* --env PYGLET_HEADLESS=True\)$/,
      ) as string,
    },
    needy: none,
    nothing: none,
    herds: { ...none, names: ["parallel:herds.field_v3"] },
    broken: { ...none, error: "broken needs the module nothing_like_it, which is not in this image" },
    "long-roads": { ...none, names: ["roads:Road-v0"] },
    "sci-learn": none,
    "other-name": { ...none, names: ["called_so:Other-v0"] },
  });
});
