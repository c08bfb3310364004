import { S3Client } from "@aws-sdk/client-s3";

import type { S3Credentials, S3Place } from "./s3-place.ts";

/** How a server is spoken to. */
export interface S3Settings {
  /** Requests in all before a failure is one. @default 6 */
  readonly attempts?: number;
  /** Until a connection is there, in milliseconds. @default 5000 */
  readonly connectMs?: number;
  /** Without a byte in either direction. @default 30000 */
  readonly idleMs?: number;
  /** A file is moved in pieces of this size: what is in memory at once, and what is sent again after a cut. @default 16 MiB */
  readonly pieceBytes?: number;
  /** Keys that a list asks for at once. @default 1000 */
  readonly pageKeys?: number;
}

/** Requests at the same time. More than there are connections would wait for one, and count that as a server's silence. */
export const requestsAtOnce = 32;

/**
 * A client that reads nothing but what it is given: every setting is named, so that no file of the machine's (`~/.aws/config`) and
 * no service of a cloud is asked.
 */
export function openS3Client(
  { endpoint, region }: S3Place,
  credentials: S3Credentials,
  { attempts = 6, connectMs = 5000, idleMs = 30_000 }: S3Settings,
): S3Client {
  return new S3Client({
    region,
    credentials,
    ...(endpoint === undefined ? { useDualstackEndpoint: false, useFipsEndpoint: false } : { endpoint }),
    // Servers of one's own have one name, and buckets are paths below it.
    forcePathStyle: endpoint !== undefined,
    // The checksums that newer SDKs add to every request are unknown to Ceph and others; some store them as part of the object.
    // What is written here has a SHA-256 of our own beside it, which is compared on reading.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    maxAttempts: attempts,
    retryMode: "standard",
    defaultsMode: "standard",
    authSchemePreference: [],
    sigv4aSigningRegionSet: [region],
    useArnRegion: false,
    disableS3ExpressSessionAuth: true,
    userAgentAppId: async () => await Promise.resolve(undefined),
    requestHandler: {
      connectionTimeout: connectMs,
      socketTimeout: idleMs,
      requestTimeout: 10 * idleMs,
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive: true, maxSockets: 2 * requestsAtOnce },
      httpsAgent: { keepAlive: true, maxSockets: 2 * requestsAtOnce },
    },
  });
}
