import { SameseedError, systemErrorCode } from "../../base/error.ts";
import { storeError } from "../store-error.ts";
import type { S3Place } from "./s3-place.ts";

/** What a server or the connection said, in the words of S3. */
interface Fault {
  readonly name: string;
  readonly status: number | undefined;
}

/** What went wrong: the name that S3 or the system has for it. */
export function faultOf(error: unknown): Fault {
  const name = error instanceof Error ? error.name : "Error";
  const metadata: unknown =
    typeof error === "object" && error !== null && "$metadata" in error ? error.$metadata : undefined;
  const status =
    typeof metadata === "object" && metadata !== null && "httpStatusCode" in metadata
      ? Number(metadata.httpStatusCode)
      : undefined;
  const system = systemErrorCode(error);
  return { name: system !== undefined && /^E[A-Z_]+$/.test(system) ? system : name, status };
}

/** Whether an object is not there. A bucket that is not there is another matter. */
export function isMissing(error: unknown): boolean {
  const { name } = faultOf(error);
  return name === "NoSuchKey" || name === "NotFound";
}

/** Whether a condition of a request did not hold. */
export function isUnmet(error: unknown): boolean {
  const { name, status } = faultOf(error);
  return name === "PreconditionFailed" || status === 412;
}

/** Whether a write was refused because another one of the same key is under way. */
export function isConflict(error: unknown): boolean {
  return faultOf(error).name === "ConditionalRequestConflict";
}

/** What only a file of this machine's can be the reason of. */
const localCodes: ReadonlySet<string> = new Set([
  "ENOSPC",
  "EDQUOT",
  "EFBIG",
  "ENOENT",
  "EACCES",
  "EROFS",
  "EISDIR",
]);
const refusedNames =
  /^(?:InvalidAccessKeyId|SignatureDoesNotMatch|AccessDenied|ExpiredToken|InvalidToken|Forbidden)$/;
const fullNames = /Quota|InsufficientCapacity|InsufficientStorage|StorageFull|DiskFull/i;
const elsewhereNames =
  /^(?:PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraintException)$/;
const unreachableNames =
  /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ECONNRESET|EPIPE|ETIMEDOUT|TimeoutError)$/;

/**
 * What a caller can act on. The server's own words are left out: some repeat the request and what was signed.
 * @param doing such as `Reading`
 */
export function s3Error(error: unknown, doing: string, place: S3Place, key: string): SameseedError {
  if (error instanceof SameseedError) return error;
  const fault = faultOf(error);
  const { name, status } = fault;
  if (localCodes.has(name)) return storeError(error, doing, localPath(error) ?? key);
  const object = `s3://${place.bucket}/${place.prefix}${key}`;
  const context = { object, store: place.url, reason: name, ...(status === undefined ? {} : { status }) };
  const said = status === undefined ? name : `${name}, status ${status}`;
  if (status === 507 || fullNames.test(name))
    return new SameseedError("disk_full", `${doing} ${object} failed: the store is full (${said})`, {
      context,
      hint: "free some space or raise the bucket's quota, then resume the run: nothing that was recorded is lost",
      cause: error,
    });
  return new SameseedError("io_failed", `${doing} ${object} failed (${said})`, {
    context,
    hint: hintOf(fault, place),
    cause: error,
  });
}

function hintOf({ name, status }: Fault, { bucket, endpoint, region }: S3Place): string {
  const server = endpoint ?? `Amazon's servers of ${region}`;
  if (name === "NoSuchBucket") return `make the bucket ${bucket} at ${server}, or correct the address`;
  if (refusedNames.test(name) || status === 401 || status === 403)
    return `check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and that they may list, read, write and delete objects of ${bucket}`;
  if (name === "RequestTimeTooSkewed") return "set this machine's clock: the server's is another";
  if (elsewhereNames.test(name))
    return `the bucket is in another region than ${region}: say which with ?region=`;
  if (unreachableNames.test(name))
    return `${server} did not answer: check that it runs, the endpoint in the address or AWS_ENDPOINT_URL_S3, and the network`;
  if (status !== undefined && status >= 500)
    return `${server} could not serve the request, also not when it was asked again: try later, or look into its log`;
  return `look into the log of ${server}`;
}

function localPath(error: unknown): string | undefined {
  return error instanceof Error && "path" in error && typeof error.path === "string" ? error.path : undefined;
}
