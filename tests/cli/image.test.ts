/* An image whose files were edited is not used; a home folder that was copied is. */
import {
  appendFileSync,
  chmodSync,
  lstatSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { resolveImage } from "../../src/image/image-store.ts";
import { stampOf } from "../../src/image/tree-listing.ts";
import { copyHome } from "./copy-home.ts";
import { Workplace, type Ended } from "./sameseed.ts";

const work = new Workplace();
const digest = resolveImage("gymnasium").manifest.digest;
const home = work.path("home");
const place = join(home, "images", digest);
const seal = join(place, "seal.json");
const edited = join(place, "rootfs/etc/hosts");

const sameseed = (...args: string[]): Promise<Ended> => work.run(args, { env: { SAMESEED_HOME: home } });
const run = (dir: string): Promise<Ended> =>
  sameseed("run", "CartPole-v1", "--seeds", "1", "--out", dir, "--json");

let copiedAt: number;
let first: Ended;

beforeAll(async () => {
  chmodSync(work.folder, 0o755); // the sandboxes' own user must be able to enter
  copyHome(home);
  copiedAt = statSync(seal).mtimeMs;
  first = await run("first");
});

afterAll(() => work[Symbol.dispose]());

/** Overwrites the file with other bytes of the same size, and puts its times back. */
function edit(): void {
  const { atime, mtime, size } = lstatSync(edited);
  writeFileSync(edited, "#".repeat(size));
  utimesSync(edited, atime, mtime);
}

describe("a home folder that was copied", () => {
  it("is used after its image was read once, and sealed where it lies", async () => {
    expect(first).toMatchObject({ code: 0 });
    const after = statSync(seal).mtimeMs;
    expect(after).toBeGreaterThan(copiedAt);
    expect(await run("second")).toMatchObject({ code: 0 });
    expect(statSync(seal).mtimeMs).toBe(after);
  });

  it("verifies its images", async () => {
    const { code, stdout } = await sameseed("image", "verify", "gymnasium");
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(
        new RegExp(`^intact: image gymnasium ${digest.slice(0, 12)}, [\\d,]+ files, .* MiB\\n$`),
      ),
    ]);
  });

  it("verifies runs deeply, and says so", async () => {
    const text = await sameseed("verify", "first", "--deep");
    expect([text.code, text.stdout]).toEqual([0, expect.stringContaining("every file was read")]);
    const { stdout } = await sameseed("verify", "first", "--deep", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ verified: true, image: { digest, checked: "content" } });
    const plain = await sameseed("verify", "first", "--json");
    expect(JSON.parse(plain.stdout)).toMatchObject({ verified: true, image: { digest, checked: "stamps" } });
  });
});

describe("an image whose files were edited", () => {
  const damaged = {
    error: {
      code: "image_damaged",
      hint: expect.stringContaining("sameseed setup") as string,
      context: { image: digest, changes: ["/etc/hosts has other content"] },
    },
  };

  it("with its seal made to fit is found by the deep checks only", async () => {
    const whole = { seal: readFileSync(seal, "utf8"), hosts: readFileSync(edited) };
    const before = stampOf(edited);
    edit();
    writeFileSync(seal, whole.seal.replace(before, stampOf(edited)));
    expect(await run("forged")).toMatchObject({ code: 0 });
    const deep = await sameseed("verify", "forged", "--deep", "--json");
    expect(deep.code).toBe(3);
    expect(JSON.parse(deep.stdout)).toMatchObject(damaged);
    const { code, stdout } = await sameseed("image", "verify", "--json");
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ intact: false, images: [{ name: digest, ...damaged }] });
    writeFileSync(edited, whole.hosts);
    utimesSync(edited, 1_577_836_800, 1_577_836_800);
  });

  it("is used again when they are put back", async () => {
    expect(await run("again")).toMatchObject({ code: 0 });
  });

  it.for([
    ["run", "CartPole-v1", "--seeds", "1", "--out", "never"],
    ["verify", "first"],
    ["replay", "first", "--seed", "1"],
  ])("is refused by %s, with the file and the fix", async (args) => {
    edit();
    const { code, stdout } = await sameseed(...args, "--json");
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject(damaged);
    const text = await sameseed(...args);
    expect(text.stderr).toContain(
      "image gymnasium is damaged: /etc/hosts has other content\n  fix: run `sameseed setup`",
    );
  });

  it("is named by doctor", async () => {
    appendFileSync(edited, "x");
    const { code, stdout } = await sameseed("doctor");
    expect([code, stdout]).toEqual([
      3,
      expect.stringMatching(/^fail +image +.*\/etc\/hosts has other content/m),
    ]);
  });
});
