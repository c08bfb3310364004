import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync, existsSync } from "node:fs";
import { request } from "node:http";
import { resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { buildViewer } from "../../view/recorded.ts";
import { ViewServer } from "../../../src/view/view-server.ts";
import { Folder } from "./recorded-folder.ts";

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

async function ask(
  url: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = "GET",
  sentBody = "",
): Promise<Answer> {
  const { promise, resolve: done, reject } = Promise.withResolvers<Answer>();
  const sent = request(new URL(path, url), { headers, method }, (response) => {
    let body = "";
    response.on("data", (part: Buffer) => (body += part.toString()));
    response.on("end", () => done({ status: response.statusCode ?? 0, headers: response.headers, body }));
  });
  sent.on("error", reject);
  sent.end(sentBody);
  return await promise;
}

beforeAll(() => {
  if (!existsSync(resolve("dist/viewer/viewer.js"))) buildViewer();
});

describe("the view server", () => {
  it("answers this machine's browser, and no page of another origin", async () => {
    using folder = new Folder();
    await folder.run("a", 3);
    await using server = await ViewServer.start({ folders: [folder.path], port: 0 });
    const { host, origin } = new URL(server.url);
    const statusOf = async (headers: Readonly<Record<string, string>>): Promise<number> =>
      (await ask(server.url, "/api/run/a", headers)).status;
    expect(await statusOf({})).toBe(200);
    expect(await statusOf({ host, origin })).toBe(200);
    expect(await statusOf({ host: "evil.example" })).toBe(403);
    expect(await statusOf({ host: `localhost.evil.example:${new URL(server.url).port}` })).toBe(403);
    expect(await statusOf({ host, origin: "http://evil.example" })).toBe(403);
    expect(await statusOf({ host, origin: "null" })).toBe(403);
    expect(await statusOf({ host, "sec-fetch-site": "cross-site" })).toBe(403);
  });

  it("an odd address is one where nothing is", async () => {
    using folder = new Folder();
    await folder.run("a", 3);
    await using server = await ViewServer.start({ folders: [folder.path], port: 0 });
    const { hostname, port } = new URL(server.url);
    // As they stand: a URL would put them right.
    const statusOf = async (path: string): Promise<number> => {
      const { promise, resolve: done, reject } = Promise.withResolvers<number>();
      const sent = request({ hostname, port, path }, (response) => {
        response.resume();
        done(response.statusCode ?? 0);
      });
      sent.on("error", reject);
      sent.end();
      return await promise;
    };
    for (const path of ["//", "//[", "/nothing", "*", "//x/api/run/a"])
      expect(await statusOf(path), path).toBe(404);
    for (const path of ["/api/live/%zz", "/api/run/%zz"]) expect(await statusOf(path), path).toBe(400);
    expect(await statusOf(`http://${hostname}:${port}/api/run/a`)).toBe(200);
  });

  it("only reads", async () => {
    using folder = new Folder();
    await folder.run("a", 3);
    await using server = await ViewServer.start({ folders: [folder.path], port: 0 });
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
      expect((await ask(server.url, "/api/run/a", {}, method)).status, method).toBe(405);
    expect((await ask(server.url, "/api/run/a", {}, "HEAD")).status).toBe(200);
  });

  it("runs nothing unless it was told that it may", async () => {
    using folder = new Folder();
    await folder.run("a", 3);
    await using server = await ViewServer.start({ folders: [folder.path], port: 0 });
    const { origin } = new URL(server.url);
    const headers = { origin, "content-type": "application/json", "x-sameseed-token": "" };
    expect((await ask(server.url, "/api/do/play", headers, "POST", "{}")).status).toBe(405);
    expect(JSON.parse((await ask(server.url, "/api/library")).body)).not.toHaveProperty("token");
  });

  it("runs what its own page asks for, and nothing that another page could send", async () => {
    using folder = new Folder();
    await folder.run("a", 3);
    await using server = await ViewServer.start({ folders: [folder.path], port: 0, allowRun: true });
    const { origin, host } = new URL(server.url);
    const { token } = JSON.parse((await ask(server.url, "/api/library")).body) as { readonly token: string };
    const own = { host, origin, "content-type": "application/json", "x-sameseed-token": token };
    const statusOf = async (
      changes: Readonly<Record<string, string | undefined>>,
      body = "{}",
      name = "play",
    ): Promise<number> => {
      const headers = Object.entries({ ...own, ...changes }).filter(([, value]) => value !== undefined);
      const sent = Object.fromEntries(headers) as Record<string, string>;
      return (await ask(server.url, `/api/do/${name}`, sent, "POST", body)).status;
    };
    expect(await statusOf({ origin: undefined })).toBe(403);
    expect(await statusOf({ origin: "http://evil.example" })).toBe(403);
    expect(await statusOf({ origin: "null" })).toBe(403);
    expect(await statusOf({ host: "evil.example", origin: "http://evil.example" })).toBe(403);
    expect(await statusOf({ "sec-fetch-site": "cross-site", origin: undefined })).toBe(403);
    expect(await statusOf({ "content-type": "text/plain" })).toBe(403);
    expect(await statusOf({ "x-sameseed-token": undefined })).toBe(403);
    expect(await statusOf({ "x-sameseed-token": `${token}x` })).toBe(403);
    expect((await ask(server.url, "/api/do/play", own)).status).toBe(404);
    expect((await ask(server.url, "/api/run/a", own, "POST", "{}")).status).toBe(405);
    // From here on it is the own page, which may still ask for nonsense.
    expect(await statusOf({})).toBe(400);
    expect(await statusOf({}, "no JSON")).toBe(400);
    expect(await statusOf({}, "{}", "elsewhere")).toBe(404);
    expect(await statusOf({}, JSON.stringify({ play: "gone", action: 1 }), "move")).toBe(404);
    expect(await statusOf({}, JSON.stringify("x".repeat(1024 * 1024)))).toBe(413);
    const play = { game: "tictactoe", as: "X" };
    expect(await statusOf({}, JSON.stringify({ ...play, policy: "/etc/passwd.py" }))).toBe(400);
    expect(await statusOf({}, JSON.stringify({ ...play, policy: { path: "/etc/passwd" } }))).toBe(400);
    expect(await statusOf({}, JSON.stringify({ id: "../a", key: 0, step: 0 }), "branch")).toBe(404);
    expect(await statusOf({}, JSON.stringify({ id: "a", key: 99, step: 0 }), "branch")).toBe(404);
  });

  it("lets its pages run nothing but the viewer, and nobody frame them", async () => {
    using folder = new Folder();
    mkdirSync(`${folder.path}/empty`);
    await using server = await ViewServer.start({ folders: [folder.path], port: 0 });
    for (const path of ["/", "/viewer.js", "/api/library", "/api/run/none", "/none"]) {
      const { headers } = await ask(server.url, path);
      const policy = String(headers["content-security-policy"]);
      for (const part of [
        "default-src 'none'",
        "script-src 'self';",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
      ])
        expect(policy, path).toContain(part);
      expect(policy).not.toContain("unsafe");
      expect(headers["x-content-type-options"], path).toBe("nosniff");
      expect(headers["access-control-allow-origin"], path).toBeUndefined();
    }
    expect(await ask(server.url, "/api/run/none")).toMatchObject({ status: 404 });
    expect((await ask(server.url, "/api/../../../etc/passwd")).status).toBe(404);
  });

  it.skipIf(process.getuid?.() !== 0)("does not answer another user of the machine", async () => {
    using folder = new Folder();
    await using server = await ViewServer.start({ folders: [folder.path], port: 0 });
    const program = `fetch(${JSON.stringify(server.url)}).then(() => console.log("answered"), () => console.log("refused"))`;
    const { promise, resolve: done } = Promise.withResolvers<string>();
    const child = spawn(process.execPath, ["-e", program], { uid: 65_534, gid: 65_534, cwd: "/", env: {} });
    let said = "";
    child.stdout.on("data", (part: Buffer) => (said += part.toString()));
    child.on("close", () => done(said.trim()));
    expect(await promise).toBe("refused");
    expect((await ask(server.url, "/")).status).toBe(200);
  });

  it("tells who listens when a run has grown", async () => {
    using folder = new Folder();
    const dir = await folder.run("a", 3);
    await using server = await ViewServer.start({ folders: [folder.path], port: 0 });
    const response = await fetch(new URL("/api/live/a", server.url));
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    await reader.read();
    writeFileSync(`${dir}/lock`, "{}");
    let said = "";
    while (!said.includes("event: changed")) said += (await reader.read()).value ?? "";
    expect(said).toContain("event: changed");
    await reader.cancel();
  });

  it("says what to do where the port is taken", async () => {
    using folder = new Folder();
    await using first = await ViewServer.start({ folders: [folder.path], port: 0 });
    const port = Number(new URL(first.url).port);
    await expect(ViewServer.start({ folders: [folder.path], port })).rejects.toMatchObject({
      code: "io_failed",
      hint: expect.stringContaining("--port"),
    });
  });
});
