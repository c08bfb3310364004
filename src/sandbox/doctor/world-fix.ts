/** What the file systems say that images usually lie on: the size of their blocks. */
const usualBlocks = 4096;

/**
 * What to do about a sealed world that does not hold in all.
 * @param notHeld what does not, as receipts name it
 * @param blockBytes the size of blocks that the image's file system says: NFS, which says up to a mebibyte, is the usual other one
 */
export function worldFix(notHeld: readonly string[], blockBytes: number): string {
  const guide = "docs/guide/sealed-world.md says what each of these is";
  if (!notHeld.includes("layout") || blockBytes === usualBlocks) return guide;
  return `set SAMESEED_HOME to a folder on this host's own ext4, XFS or Btrfs: the image's file system says that its blocks are of ${blockBytes} bytes, not ${usualBlocks}; ${guide}`;
}
