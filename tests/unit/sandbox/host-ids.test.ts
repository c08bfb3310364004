import { expect, test } from "vitest";

import { HostIds, idSource, type IdFacts } from "../../../src/sandbox/linux/host-ids.ts";

/* Where ids of the host come from, and that two who take some at one time take others. */

const everything = "         0          0 4294967295\n";
const all = (1n << 41n) - 1n;
const root: IdFacts = {
  uid: 0,
  userName: "root",
  uidMap: everything,
  capabilities: all,
  subuid: "",
  newuidmap: undefined,
};
const user: IdFacts = {
  uid: 1_000,
  userName: "ada",
  uidMap: everything,
  capabilities: 0n,
  subuid: "bob:100000:65536\nada:165536:65536\n",
  newuidmap: "/usr/bin/newuidmap",
};
const unused = { first: 1_879_048_192, count: 268_304_384 };

test.for<[name: string, facts: IdFacts, source: ReturnType<typeof idSource>]>([
  ["root", root, { kind: "root", range: unused }],
  ["root in a container with fewer ids", { ...root, uidMap: "0 100000 65536\n" }, { kind: "none" }],
  ["root that may not map", { ...root, capabilities: all & ~(1n << 21n) }, { kind: "none" }],
  [
    "a user with subordinate ids",
    user,
    { kind: "subordinate", range: { first: 165_536, count: 65_536 }, newuidmap: "/usr/bin/newuidmap" },
  ],
  [
    "a user who is named by number",
    { ...user, subuid: "1000:300000:128\n" },
    { kind: "subordinate", range: { first: 300_000, count: 128 }, newuidmap: "/usr/bin/newuidmap" },
  ],
  ["a user with too few", { ...user, subuid: "ada:165536:64\n" }, { kind: "none" }],
  ["a user without any", { ...user, subuid: "bob:100000:65536\nnonsense\n" }, { kind: "none" }],
  ["a user without newuidmap", { ...user, newuidmap: undefined }, { kind: "none" }],
])("%s", ([, facts, source]) => {
  expect(idSource(facts)).toEqual(source);
});

test("ids that are held are nobody else's, until they are given back", async () => {
  // Room for one block.
  const source = { kind: "root", range: { first: 2_147_000_000, count: 255 } } as const;
  const [one, other] = [new HostIds(source), new HostIds(source)];
  const held = await one.take();
  expect(held).toMatchObject({ user: 2_147_000_000, map: { users: [0, 2_147_000_000, 128] } });
  await expect(other.take()).rejects.toMatchObject({ code: "zygote_failed" });
  held.release();
  const again = await other.take();
  expect(again.user).toBe(2_147_000_000);
  again.release();
});

test("a host that refuses the first zygote its ids gives none from then on; one that gave them is believed", () => {
  const refused = new HostIds({ kind: "root", range: unused });
  expect(refused.receipt(true)).toEqual({ host: unused.first, ids: "own" });
  expect(refused.giveUp()).toBe(true);
  expect(refused.receipt(true).ids).toBe("shared");
  expect(refused.giveUp()).toBe(false);
  const proven = new HostIds({ kind: "root", range: unused });
  proven.confirm();
  expect(proven.giveUp()).toBe(false);
  expect(proven.receipt(true).ids).toBe("own");
});
