import { expect, it } from "vitest";

import { readS3Url, s3Credentials } from "../../../../src/store/objects/s3-place.ts";

it("reads an address, and what it leaves out from the environment", () => {
  expect(readS3Url("s3://bucket", {})).toEqual({
    url: "s3://bucket?region=us-east-1",
    bucket: "bucket",
    prefix: "",
    endpoint: undefined,
    region: "us-east-1",
  });
  const environment = { AWS_ENDPOINT_URL: "http://ceph:7480/", AWS_REGION: "here" };
  const read = readS3Url("s3://bucket/a/b/", environment);
  expect(read).toEqual({
    url: "s3://bucket/a/b?endpoint=http://ceph:7480&region=here",
    bucket: "bucket",
    prefix: "a/b/",
    endpoint: "http://ceph:7480",
    region: "here",
  });
  expect(readS3Url(read.url, {})).toEqual(read);
  expect(readS3Url("s3://bucket?endpoint=https://x&region=y", environment)).toMatchObject({
    endpoint: "https://x",
    region: "y",
  });
});

it.each([
  "s3:",
  "s3://",
  "s3://UPPER",
  "s3://a",
  "s3://bucket/../x",
  "s3://bucket/a//b",
  "s3://bucket#x",
  "s3://bucket?endpoint=ftp://x",
  "s3://bucket?endpoint=http://x/path",
  "s3://bucket?endpoint=nothing",
  "s3://bucket?region=a/b",
  "s3://bucket?key=x",
  `s3://bucket/${"x".repeat(300)}`,
])("refuses %s", (url) => {
  expect(() => readS3Url(url, {})).toThrow(expect.objectContaining({ code: "bad_argument" }));
});

it.each(["s3://id:hidden@bucket", "s3://bucket?endpoint=http://id:hidden@host"])(
  "refuses credentials in an address without repeating them",
  (url) => {
    expect(() => readS3Url(url, {})).toThrow(
      expect.objectContaining({
        message: expect.not.stringContaining("hidden") as string,
        hint: expect.stringContaining("AWS_ACCESS_KEY_ID") as string,
      }),
    );
  },
);

it("takes credentials from the environment alone, and says which are missing", () => {
  const both = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret" };
  expect(s3Credentials(both)).toEqual({ accessKeyId: "id", secretAccessKey: "secret" });
  expect(s3Credentials({ ...both, AWS_SESSION_TOKEN: "t" })).toMatchObject({ sessionToken: "t" });
  for (const missing of [{}, { AWS_ACCESS_KEY_ID: "id" }, { ...both, AWS_SECRET_ACCESS_KEY: "" }])
    expect(() => s3Credentials(missing)).toThrow(expect.objectContaining({ code: "bad_argument" }));
});
