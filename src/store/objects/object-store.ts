import { SameseedError } from "../../base/error.ts";

/**
 * Bytes by key, shared by every host of a fleet. What is in it is never changed in place: a key names its content, or is
 * written once. So a copy that is written twice does no harm, and a reader sees a whole object or none.
 *
 * Keys are words of `a-z A-Z 0-9 . _ -` with `/` between them.
 */
export interface ObjectStore {
  /** As it was named, such as `folder:/srv/rollouts`. */
  readonly url: string;
  /**
   * The object's bytes; undefined where there is none.
   * @throws `io_failed`, `run_damaged` where a store finds that they are not those that were written
   */
  get(key: string): Promise<Buffer | undefined>;
  /** @throws `io_failed`, `disk_full` */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /**
   * Writes an object that must not be there yet.
   * @returns false where there is one, which stays as it is
   * @throws `io_failed`, `disk_full`
   */
  putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean>;
  /** Does nothing where there is none. @throws `io_failed` */
  delete(key: string): Promise<void>;
  /** Every key that begins with `prefix`, which ends in `/` or is empty; in no order. @throws `io_failed` */
  list(prefix: string): AsyncIterable<string>;
  /** Whether there is such an object. @throws `io_failed` */
  has(key: string): Promise<boolean>;
  /** How large an object is, in bytes; undefined where there is none. @throws `io_failed` */
  sizeOf(key: string): Promise<number | undefined>;
  /** As {@link put}, for a file of any size. @throws `io_failed`, `disk_full` */
  putFile(key: string, path: string): Promise<void>;
  /** Writes an object into a new file; false where there is none. @throws `io_failed`, `disk_full` */
  getFile(key: string, path: string): Promise<boolean>;
  /** Removes what writers left behind that died while they wrote. @throws `io_failed` */
  sweep?(): Promise<void>;
  /** Gives connections back. */
  close(): void;
}

const keyPattern = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/;

/**
 * A key as it is: nothing that a path could leave its folder with.
 * @throws `bad_argument`
 */
export function checkKey(key: string): string {
  if (key.length <= 512 && keyPattern.test(key)) return key;
  throw new SameseedError("bad_argument", `${JSON.stringify(key)} is not the key of an object`);
}

/** What keys begin with: nothing, or a key and `/`. @throws `bad_argument` */
export function checkPrefix(prefix: string): string {
  if (prefix !== "") checkKey(prefix.replace(/\/$/, ""));
  return prefix;
}
