import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";

import { SameseedError } from "../../base/error.ts";

/** A file's content, a piece at a time. @throws `io_failed` where it becomes shorter meanwhile */
export async function* piecesOf(file: FileHandle, size: number, pieceBytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < size; at += pieceBytes) {
    const piece = Buffer.allocUnsafe(Math.min(pieceBytes, size - at));
    const { bytesRead } = await file.read(piece, 0, piece.length, at);
    if (bytesRead !== piece.length)
      throw new SameseedError("io_failed", "a file became shorter while it was read");
    yield piece;
  }
}

/** SHA-256 of pieces in a row: 64 hex digits. */
export async function digestOfPieces(pieces: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of pieces) hash.update(piece);
  return hash.digest("hex");
}
