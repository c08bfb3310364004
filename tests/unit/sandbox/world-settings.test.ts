import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

import { findCompiler } from "../../../src/image/compile-native.ts";
import {
  encodeWorldSettings,
  sealedClock,
  sealedSettings,
  worldNumbers,
  worldSettingsBytes,
  worldVersion,
  type WorldSettings,
} from "../../../src/sandbox/world-settings.ts";

const native = resolve(import.meta.dirname, "../../../native");

/** Prints what C makes of settings from standard input, and what its zeros stand for. */
const program = `
#include "world/world.h"
#include <stdio.h>
int main(void) {
  struct world_settings s;
  if (fread(&s, 1, sizeof s + 1, stdin) != sizeof s) return 1;
  printf("{\\"version\\": %u, \\"real_clock\\": %u, \\"epoch\\": %lld, \\"tick\\": %lld, \\"step\\": %lld, ", s.version,
    s.flags & WORLD_REAL_CLOCK, (long long)s.epoch_ns, (long long)s.tick_ns, (long long)s.step_ns);
  printf("\\"entropy_salt\\": %llu, \\"inode_offset\\": %llu, \\"mtime_offset\\": %lld, \\"dirents\\": %u, \\"cpus\\": %u, ",
    (unsigned long long)s.entropy_salt, (unsigned long long)s.inode_offset, (long long)s.mtime_offset_ns, s.dirents, s.cpus);
  printf("\\"pid_offset\\": %u, \\"threads\\": %u, \\"hostname\\": \\"%s\\", \\"key\\": \\"", s.pid_offset, s.threads, s.hostname);
  for (int i = 0; i < WORLD_KEY_BYTES; i++) printf("%02x", s.key[i]);
  printf("\\", \\"bytes\\": %zu, \\"knownVersion\\": %d, \\"epochSeconds\\": %lld}", sizeof s, WORLD_VERSION,
    (long long)(WORLD_EPOCH_NS / WORLD_SECOND));
}
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sameseed-world-"));
  writeFileSync(join(folder, "settings.c"), program);
  const args = ["-std=gnu11", "-O2", "-w", `-I${native}`, "-o", join(folder, "settings")];
  execFileSync(findCompiler(), [...args, join(folder, "settings.c")], { stdio: "pipe" });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function asReadByC(settings: WorldSettings): Record<string, unknown> {
  const said = execFileSync(join(folder, "settings"), { input: encodeWorldSettings(settings) });
  return JSON.parse(said.toString()) as Record<string, unknown>;
}

test("C reads every setting that was written, and nothing else", () => {
  const settings: Required<WorldSettings> = {
    key: "0123456789abcdef".repeat(4),
    real_clock: 1,
    epoch: 1_000_000_000_000_000_000,
    tick: 7,
    step: 11,
    entropy_salt: 13,
    inode_offset: 17,
    mtime_offset: -19,
    dirents: 2,
    cpus: 23,
    pid_offset: 29,
    threads: 1,
    hostname: "elsewhere",
  };
  expect(Object.keys(settings).sort()).toEqual(["hostname", "key", ...Object.keys(worldNumbers)].sort());
  const known = { bytes: worldSettingsBytes, version: worldVersion, knownVersion: worldVersion };
  expect(asReadByC(settings)).toEqual({ ...settings, ...known, epochSeconds: 946_684_800 });
});

test("what is left out is zero, which stands for what every sealed world has", () => {
  const { key, ...rest } = asReadByC({ key: "ff".repeat(32) });
  expect(key).toBe("ff".repeat(32));
  expect(rest).toMatchObject({ epoch: 0, tick: 0, step: 0, cpus: 0, threads: 0, hostname: "" });
  expect(Date.parse(sealedClock.epoch) / 1000).toBe(rest["epochSeconds"]);
});

test("a name that is too long is cut, and C still finds its end", () => {
  expect(asReadByC({ key: "00".repeat(32), hostname: "x".repeat(100) })["hostname"]).toBe("x".repeat(63));
});

test("a key follows from the seed's literal and from what the sandbox is, and from nothing else", () => {
  const keys = [sealedSettings("referee", 7), sealedSettings("seat agent", 7), sealedSettings("referee", 70)];
  expect(new Set(keys.map(({ key }) => key)).size).toBe(3);
  expect(sealedSettings("referee", 7)).toEqual({
    key: "e96caa24065d4379d1626de253c151afbb69d8e8ff3f5f33effb39ecbedb1f17",
  });
  expect(() => encodeWorldSettings({ key: "00" })).toThrow(RangeError);
});
