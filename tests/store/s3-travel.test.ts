/* What a store in S3 is for: images travel through it, and a fleet has its rollouts there. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

import { publishTree } from "../../src/image/publish-image.ts";
import { digestOfListing } from "../../src/image/tree-listing.ts";
import { imageFacts as facts } from "../unit/image/image-facts.ts";
import { readNameRecord } from "../../src/image/image-store.ts";
import { checkFleetCertificate } from "../../src/fleet/certificate.ts";
import { collectRollouts, openFleet, recordRun, RunReader } from "../../src/index.ts";
import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { pullImageFrom, pushImageTo } from "../../src/store/image-objects.ts";
import { openObjects } from "../../src/store/objects/open-objects.ts";
import { Workplace } from "../cli/sameseed.ts";
import { openTestStore } from "./s3-server.ts";

const server = await openTestStore();
const work = new Workplace();
const folder = mkdtempSync(join(tmpdir(), "sameseed-s3-travel-"));
afterAll(async () => {
  await closeSandboxes();
  work[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
  await server[Symbol.asyncDispose]();
});

const [images, elsewhere] = [join(folder, "images"), join(folder, "elsewhere")];
let digest: string;
beforeAll(async () => {
  const stage = join(images, "stage");
  mkdirSync(join(stage, "rootfs/opt/python/bin"), { recursive: true });
  writeFileSync(join(stage, "rootfs/opt/python/bin/python3"), "a program", { mode: 0o755 });
  digest = await publishTree(stage, images, (entries) => ({ ...facts, ...digestOfListing(entries, facts) }));
  writeFileSync(join(images, digest, "requirements.lock"), "# a lock\n");
});

it("carries an image from host to host by its digest", async () => {
  const place = server.fresh();
  const pushed = await pushImageTo(digest, place, { images });
  expect(pushed).toMatchObject({ digest, isNew: true });
  expect(pushed.file).toMatch(new RegExp(`^s3://.*/${digest}\\.tar\\.zst$`));
  expect(await pushImageTo(digest, place, { images })).toEqual({ ...pushed, isNew: false });

  const taken = await pullImageFrom(digest.slice(0, 9), place, { images: elsewhere, name: "theirs" });
  expect(taken.manifest.digest).toBe(digest);
  expect(readNameRecord("theirs", elsewhere)?.digest).toBe(digest);
});

it("takes no image that is not the one of its name, and says where there is none", async () => {
  const place = server.fresh();
  const store = await openObjects(place);
  await store.put(`${digest}.tar.zst`, Buffer.from("something else"));
  store.close();
  const none = join(folder, "none");
  await expect(pullImageFrom(digest, place, { images: none })).rejects.toMatchObject({
    code: "image_damaged",
  });
  await expect(pullImageFrom("0".repeat(64), place, { images: none })).rejects.toMatchObject({
    code: "image_missing",
  });
});

it("takes and gives images on the command line, and says which credentials it lacks", async () => {
  const place = server.fresh();
  const shared = place.replace("?", "/images?");
  await pushImageTo(digest, shared, { images });
  const home = { SAMESEED_HOME: join(folder, "home") };
  const pulled = await work.run(["image", "pull", digest, shared, "--name", "far", "--json"], { env: home });
  expect(pulled.stderr).toBe("");
  expect(JSON.parse(pulled.stdout)).toMatchObject({ name: "far", digest });
  const pushed = await work.run(["image", "push", "far", shared, "--json"], { env: home });
  expect(JSON.parse(pushed.stdout)).toMatchObject({ digest, isNew: false });
  const bare = await work.run(["image", "push", "far", shared], {
    env: { ...home, AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" },
  });
  expect(bare.code).toBe(2);
  expect(bare.stderr).toContain("AWS_SECRET_ACCESS_KEY");
});

it("keeps a fleet's rollouts, which are those of a local run, and verify reads them there", async () => {
  const place = server.fresh();
  const config = { envName: "CartPole-v1", seeds: [5, 3, 9], maxSteps: 9 };
  const far = work.path("far");
  const near = await collectRollouts(config).results();
  await recordRun({ ...config, dir: far, fleet: openFleet("local:", { store: place }) });
  using reader = await RunReader.open(far);
  expect([...reader.rows()].map(({ digest: own }) => own).sort()).toEqual(
    near.map(({ digest: own }) => own).sort(),
  );

  const verified = await work.run(["verify", far, "--store", place, "--json"]);
  expect(verified.stderr).not.toContain("error");
  expect(verified.code).toBe(0);
  expect(JSON.parse(verified.stdout)).toMatchObject({ verified: true, fleet: { state: "intact" } });

  // A record that is altered in the bucket is found there.
  const store = await openObjects(place);
  for await (const key of store.list("chunks/"))
    await store.put(key, Buffer.from((await store.get(key))!.toString().replace(/"root":"../, '"root":"00')));
  expect(await checkFleetCertificate(far, store)).toMatchObject({ state: "altered" });
  store.close();
});
