/*
 * Loaded into a host's processes before everything else: the time of day that they read is off by what the file
 * `SAMESEED_TEST_CLOCK` says, in milliseconds, from the moment on in which that is written.
 */
import { readFileSync } from "node:fs";

const path = process.env["SAMESEED_TEST_CLOCK"] ?? "";
const realNow = Date.now.bind(Date);
let [offset, readAt] = [0, 0];

function off(): number {
  const now = realNow();
  if (now - readAt < 100) return offset;
  readAt = now;
  try {
    offset = Number(readFileSync(path, "utf8")) || 0;
  } catch {
    offset = 0;
  }
  return offset;
}

Date.now = () => realNow() + off();
