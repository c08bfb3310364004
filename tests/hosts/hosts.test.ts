/* The parts of `npm run hosts` that need no machine. */
import { expect, it } from "vitest";

import { hosts } from "./host-list.ts";
import { readTold } from "./machine.ts";
import { loadOrder } from "./root-file-system.ts";

const dependencies = `kernel/drivers/virtio/virtio.ko:
kernel/drivers/virtio/virtio_ring.ko: kernel/drivers/virtio/virtio.ko
kernel/drivers/block/virtio_blk.ko.xz: kernel/drivers/virtio/virtio_ring.ko kernel/drivers/virtio/virtio.ko
kernel/drivers/char/virtio-console.ko.zst: kernel/drivers/virtio/virtio_ring.ko kernel/drivers/virtio/virtio.ko
`;

it("modules are loaded after those they need, each once, however they are spelt and packed", () => {
  expect(loadOrder(dependencies, ["virtio_blk", "virtio_console", "ext4"])).toEqual([
    "kernel/drivers/virtio/virtio.ko",
    "kernel/drivers/virtio/virtio_ring.ko",
    "kernel/drivers/block/virtio_blk.ko.xz",
    "kernel/drivers/char/virtio-console.ko.zst",
  ]);
});

it("of a machine that was cut off, whole lines count", () => {
  const line = '{"session":"service","step":"doctor","ok":true,"detail":""}';
  expect(readTold(`${line}\n${line.slice(0, 20)}`).map(({ step }) => step)).toEqual(["doctor"]);
});

it("every host has a name of its own", () => {
  expect(new Set(hosts.map(({ name }) => name)).size).toBe(hosts.length);
});
