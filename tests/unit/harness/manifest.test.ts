import { expect, test } from "vitest";
import { digestOf } from "../../../src/base/digest.ts";
import { buildManifest, canonicalJson, type ManifestInputs } from "../../../src/harness/manifest.ts";
import type { RolloutSpec, SeatPolicy } from "../../../src/model/rollout.ts";

const clocks = { moveCpuMs: 1, bankCpuMs: 2, moveWallMs: 3 };
const seated = (policy: SeatPolicy): RolloutSpec["seats"] => [{ seat: "agent", policy }];

const spec: RolloutSpec = {
  environment: { kind: "file", name: "my_env.py", className: "MyEnv", source: "class MyEnv: ..." },
  envArgs: { size: 4 },
  seed: 7,
  seats: seated({ kind: "actions", actions: [1, 0] }),
  mode: "keep",
  clocks: null,
  maxSteps: 100,
  volatileInfo: ["episode.t"],
};

const inputs: ManifestInputs = {
  spec,
  harness: { referee: "run()" },
  image: `sha256:${"0".repeat(64)}`,
  world: { mode: "host", addressesFixed: true, hashSeed: 0, numericClass: "native", notHeld: [] },
};

test("the manifest is this object, its texts and actions by their digests", () => {
  const { value, bytes } = buildManifest(inputs);
  expect(value).toEqual({
    format: 2,
    spec: {
      environment: {
        kind: "file",
        name: "my_env.py",
        className: "MyEnv",
        source: digestOf("class MyEnv: ..."),
      },
      envArgs: { size: 4 },
      seed: 7,
      seats: [{ seat: "agent", policy: { kind: "actions", count: 2, actions: digestOf("[1,0]") } }],
      mode: "keep",
      clocks: null,
      maxSteps: 100,
      volatileInfo: ["episode.t"],
    },
    harness: { referee: digestOf("run()") },
    image: inputs.image,
    world: { mode: "host", addressesFixed: true, hashSeed: 0, numericClass: "native" },
  });
  expect(Buffer.from(bytes).toString()).toBe(canonicalJson(value));
});

test("its bytes do not depend on the order in which keys were set", () => {
  const reordered = { ...inputs, spec: { ...spec, envArgs: { b: 1, a: 2 } } };
  const ordered = { ...inputs, spec: { ...spec, envArgs: { a: 2, b: 1 } } };
  expect(buildManifest(reordered).bytes).toEqual(buildManifest(ordered).bytes);
});

test("everything that decides a rollout's bytes changes the manifest", () => {
  const policy: SeatPolicy = { kind: "source", name: "p.py", source: "x" };
  const changed: readonly ManifestInputs[] = [
    inputs,
    { ...inputs, image: `sha256:${"1".repeat(64)}` },
    { ...inputs, harness: { referee: "run(1)" } },
    { ...inputs, harness: { referee: "run()", seats: { agent: "serve()" } } },
    { ...inputs, world: { ...inputs.world, hashSeed: 1 } },
    { ...inputs, spec: { ...spec, seed: 8 } },
    { ...inputs, spec: { ...spec, maxSteps: null } },
    { ...inputs, spec: { ...spec, envArgs: { size: 5 } } },
    { ...inputs, spec: { ...spec, volatileInfo: [] } },
    { ...inputs, spec: { ...spec, seats: seated({ kind: "builtin", name: "random" }) } },
    { ...inputs, spec: { ...spec, seats: seated({ kind: "actions", actions: [1] }) } },
    { ...inputs, spec: { ...spec, seats: seated(policy) } },
    { ...inputs, spec: { ...spec, seats: [...seated(policy), ...seated(policy)] } },
    { ...inputs, spec: { ...spec, mode: "restart" } },
    { ...inputs, spec: { ...spec, clocks } },
    { ...inputs, spec: { ...spec, clocks: { ...clocks, moveWallMs: 4 } } },
    { ...inputs, spec: { ...spec, seats: seated({ ...policy, source: "y" }) } },
    { ...inputs, spec: { ...spec, environment: { kind: "gymnasium", id: "CartPole-v1" } } },
    {
      ...inputs,
      spec: { ...spec, environment: { ...spec.environment, source: "" } as typeof spec.environment },
    },
  ];
  const texts = changed.map((one) => Buffer.from(buildManifest(one).bytes).toString());
  expect(new Set(texts).size).toBe(changed.length);
});

test("canonical JSON is that of RFC 8785", () => {
  const value = { "\u20ac": 1, "\r": [1e30, 4.5, 0.002, 1e-27, -0], 1: '\u000f\n"', "\ud83d\ude00": true };
  expect(canonicalJson(value)).toBe('{"\\r":[1e+30,4.5,0.002,1e-27,0],"1":"\\u000f\\n\\"","€":1,"😀":true}');
});

test.each([NaN, Infinity, "\ud800"])("a spec with %o is refused", (bad) => {
  const broken = { ...inputs, spec: { ...spec, envArgs: { bad } } };
  expect(() => buildManifest(broken)).toThrow(expect.objectContaining({ code: "bad_argument" }));
});
