import { SameseedError } from "../../base/error.ts";

/** Where a store is at a server that speaks S3. */
export interface S3Place {
  /** The address with everything that another host needs to find the same store; without credentials. */
  readonly url: string;
  readonly bucket: string;
  /** What every key begins with; empty, or it ends in `/`. */
  readonly prefix: string;
  /** The server; undefined: Amazon's own of the region. */
  readonly endpoint: string | undefined;
  readonly region: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const form = "s3://BUCKET/PREFIX, or s3://BUCKET/PREFIX?endpoint=https://HOST:PORT for a server of your own";
const bucketPattern = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const prefixPattern = /^(?:[A-Za-z0-9_-][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*)?$/;

/** Whether an address is one of {@link readS3Url}. */
export function isS3Url(url: string): boolean {
  return /^s3:/i.test(url);
}

/**
 * Reads `s3://BUCKET[/PREFIX][?endpoint=URL&region=NAME]`. What it does not say is in the environment, where every tool of S3 looks
 * for it: `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, `AWS_REGION`, `AWS_DEFAULT_REGION`.
 * @throws `bad_argument`
 */
export function readS3Url(url: string, environment: Environment = process.env): S3Place {
  const parts = /^s3:\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/i.exec(url);
  const [, bucket = "", path = "", query = ""] = parts ?? [];
  if (bucket.includes("@"))
    // The address goes to every host and into logs, so it may not have a password.
    throw refused("an address of S3 has no user or password", credentialsHint);
  const prefix = path.replace(/\/+$/, "");
  if (!bucketPattern.test(bucket) || !prefixPattern.test(prefix) || prefix.length > 256)
    throw refused("this is not the address of a store in S3", `write ${form}`);
  const asked = new URLSearchParams(query);
  for (const name of asked.keys())
    if (name !== "endpoint" && name !== "region")
      throw refused(`an address of S3 has no ${JSON.stringify(name)}`, `write ${form}`);
  const endpoint = endpointOf(
    asked.get("endpoint") ?? environment.AWS_ENDPOINT_URL_S3 ?? environment.AWS_ENDPOINT_URL,
  );
  const region =
    asked.get("region") || environment.AWS_REGION || environment.AWS_DEFAULT_REGION || "us-east-1";
  if (!/^[a-z0-9-]{1,64}$/i.test(region)) throw refused("this is not the name of a region", `write ${form}`);
  const where = [...(endpoint === undefined ? [] : [`endpoint=${endpoint}`]), `region=${region}`].join("&");
  return {
    url: `s3://${bucket}${prefix === "" ? "" : `/${prefix}`}?${where}`,
    bucket,
    prefix: prefix === "" ? "" : `${prefix}/`,
    endpoint,
    region,
  };
}

function endpointOf(text: string | undefined): string | undefined {
  if (text === undefined || text === "") return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && (url.username !== "" || url.password !== ""))
    throw refused("the endpoint of S3 has a user or password in it", credentialsHint);
  const isPlain = url?.pathname === "/" && url.search === "" && url.hash === "";
  if (url === undefined || !isPlain || !/^https?:$/.test(url.protocol))
    throw refused(
      "the endpoint of S3 is not http://HOST:PORT or https://HOST:PORT",
      "set it with ?endpoint= in the address, or as AWS_ENDPOINT_URL_S3",
    );
  return url.origin;
}

/** What opens the store. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const credentialsHint =
  "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment (and AWS_SESSION_TOKEN where there is one)";

/** Credentials come from the environment and nowhere else: no file, no service of the machine. @throws `bad_argument` */
export function s3Credentials(environment: Environment = process.env): S3Credentials {
  const accessKeyId = environment.AWS_ACCESS_KEY_ID;
  const secretAccessKey = environment.AWS_SECRET_ACCESS_KEY;
  const sessionToken = environment.AWS_SESSION_TOKEN;
  if (!accessKeyId || !secretAccessKey)
    throw refused("no credentials for a store in S3 are there", credentialsHint);
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}

function refused(what: string, hint: string): SameseedError {
  return new SameseedError("bad_argument", what, { hint });
}
