import { readFileSync, utimesSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Workplace } from "../cli/sameseed.ts";
import { exportPage } from "../../src/view/export-page.ts";
import { ViewServer } from "../../src/view/view-server.ts";
import { verifyRun } from "../../src/verify/verify-run.ts";
import { chromiumPath, goTo, hits, openPage, settled, startBrowser, violations } from "./browser.ts";
import { buildViewer, hostile, hostileName, recordEverything, turning, writeBeside } from "./recorded.ts";

const id = encodeURIComponent(hostileName);
const scored = encodeURIComponent(hostile[2] ?? "");

/** Every view, and what it has to say. */
const views: readonly (readonly [hash: string, says: string])[] = [
  ["#", "diverged"],
  [`#${id}`, "never verified"],
  [`#${id}/1/2/info`, "beside"],
  [`#${id}/2`, "Fault of the environment"],
  [`#${id}/1/3`, "gave the same bytes"],
  ["#clocked", "0 of 3 rollouts gave the same bytes again"],
  ["#picture", "2 of 2 rollouts gave the same bytes again"],
  ["#picture/7/5/observation", "uint8[8,8,3]"],
  ["#clocked/1/~diff/clocked/1~now", "identical up to step 4, first differing at step 5"],
  ["#picture/7/~diff/picture/8", "the reset differs"],
  ["#picture/7/~diff/picture/7", "equal: every record of both has the same bytes"],
  ["#futures/~tree", "re-keyed by"],
  ["#futures/1", "Goes on from step 3"],
  ["#clocked/~audit", "broken"],
  ["#match", "Forfeits"],
  ["#league", "Ratings"],
  ["#scores", "zero variance"],
  [`#scores/${scored}`, "wrong_answer"],
];

/** Parts of pages whose screens are compared. */
const drawings: readonly (readonly [hash: string, part: string])[] = [
  ["#picture", ".figures"],
  ["#picture/7/5", ".strip"],
  ["#clocked/1/~diff/clocked/1~now", ".first"],
];

describe.skipIf(chromiumPath === undefined)("the viewer", { timeout: 240_000 }, () => {
  let place: Workplace;
  let server: ViewServer;
  let browser: Browser;
  let file: string;

  beforeAll(async () => {
    buildViewer();
    place = await recordEverything();
    server = await ViewServer.start({ folders: [place.path("runs")], port: 0 });
    file = pathToFileURL(
      writeBeside(place, "page.html", (await exportPage(place.path("runs"))).join("\n")),
    ).href;
    browser = await startBrowser();
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
    place?.[Symbol.dispose]();
  });

  it.for([
    ["served", 1280, "light"],
    ["in a file", 360, "dark"],
  ] as const)(
    "shows every view %s at %d px in %s, accessibly, and runs nothing of theirs",
    async ([where, width, scheme]) => {
      const { page, context, troubles } = await openPage(browser, {
        width,
        scheme,
        offline: where !== "served",
      });
      for (const [hash, says] of views) {
        if (where !== "served" && hash.includes("7/~diff/picture/7")) continue; // a page carries neighbours only
        await goTo(page, (where === "served" ? server.url : file) + hash);
        const text = (await page.textContent("main")) ?? "";
        if (says !== "beside") expect(text, hash).toContain(says);
        expect(await hits(page), hash).toEqual([]);
        const seen = `${await page.title()} ${await page.textContent("#root")}`;
        expect(seen.match(turning), hash).toBeNull();
        expect(await page.evaluate(() => document.documentElement.scrollWidth), hash).toBeLessThanOrEqual(
          width,
        );
        expect(await violations(page), hash).toEqual([]);
      }
      await context.close();
      expect(troubles).toEqual([]);
    },
  );

  it("shows hostile text as it is", async () => {
    const { page, context, troubles } = await openPage(browser);
    for (const base of [server.url, file]) {
      await goTo(page, `${base}#${id}/1/0/observation`);
      await page.waitForSelector(".value pre");
      const shown = JSON.parse((await page.textContent(".value pre")) ?? "") as unknown;
      expect(shown).toBe(hostile.join(" "));
      await goTo(page, `${base}#${id}/1/0/info`);
      await page.waitForFunction(() => document.querySelector(".value strong")?.textContent === "info");
      const info = JSON.parse((await page.textContent(".value pre")) ?? "") as unknown;
      expect(info).toEqual(Object.fromEntries(hostile.map((text) => [text, text])));
      const all = hostile
        .join(" ")
        .replaceAll(
          new RegExp(turning, "g"),
          (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
        );
      const wrote = await page.$$eval(".stream pre", (texts) => texts.map(({ textContent }) => textContent));
      expect(wrote).toEqual([`${all}\n${all}\n`, `${all}\n`]);
      expect(await hits(page)).toEqual([]);
    }
    await context.close();
    expect(troubles).toEqual([]);
  });

  it("shows what was rendered, in a strip and as it is played, and in a file without a network", async () => {
    for (const [base, offline, seed] of [
      [server.url, false, 7],
      [file, true, 7],
      [pathToFileURL(place.path("one.html")).href, true, 8],
    ] as const) {
      const { page, context, troubles } = await openPage(browser, { offline });
      await goTo(page, `${base}#picture/${seed}/5`);
      const shown = async (): Promise<unknown> =>
        await page.$eval("figure .picture", (image) => (image as HTMLImageElement).src);
      await page.waitForFunction(
        () => document.querySelector<HTMLImageElement>("figure img")?.naturalWidth === 12,
      );
      const before = await shown();
      expect(await page.$$eval(".strip button", (buttons) => buttons.length)).toBe(9);
      await page.click(".strip button:has-text('step 8')");
      await page.waitForFunction(() => location.hash.endsWith("/8"));
      expect(await shown()).not.toBe(before);
      if (seed === 8) expect(await page.textContent("main")).toContain("Nothing was written.");
      else expect(await page.textContent("main")).toContain(`--seed ${seed} --stdio`);
      await page.keyboard.press(" ");
      await page.waitForFunction(() => Number(location.hash.split("/").at(-1)) >= 10);
      await context.close();
      expect(troubles).toEqual([]);
    }
  });

  it("carries in a file the steps that were chosen, and says so of others", async () => {
    const { page, context, troubles } = await openPage(browser, { offline: true });
    const chosen = pathToFileURL(place.path("chosen.html")).href;
    for (const [hash, says] of [
      ["#picture", "2 of 2 rollouts gave the same bytes again"],
      ["#picture/7/5/observation", "uint8[8,8,3]"],
      ["#picture/8", "This page does not carry that"],
      ["#futures/~tree", "re-keyed by"],
      ["#futures/2", "Goes on from step 3"],
      ["#futures/1", "This page does not carry that"],
    ] as const) {
      await goTo(page, chosen + hash);
      expect(await page.textContent("main"), hash).toContain(says);
    }
    await context.close();
    expect(troubles).toEqual([]);
  });

  it("draws in a file what it draws served, and otherwise by night", async () => {
    const drawn = async (base: string, scheme: "light" | "dark"): Promise<string[]> => {
      const { page, context } = await openPage(browser, { scheme, offline: base === file });
      const screens: string[] = [];
      for (const [hash, part] of drawings) {
        await goTo(page, base + hash);
        screens.push((await page.locator(part).first().screenshot()).toString("base64"));
      }
      await context.close();
      return screens;
    };
    const served = await drawn(server.url, "light");
    expect(await drawn(file, "light")).toEqual(served);
    const night = await drawn(file, "dark");
    for (const [at, [hash]] of drawings.entries()) expect(night[at], hash).not.toBe(served[at]);
  });

  it("plays slowly for who wants little motion", async () => {
    const { page, context } = await openPage(browser);
    await page.emulateMedia({ reducedMotion: "reduce" });
    await page.clock.install();
    await goTo(page, `${server.url}#picture/7/5`);
    await page.keyboard.press(" ");
    await page.clock.runFor(1000);
    expect(await page.evaluate(() => location.hash)).toBe("#picture/7/5");
    await page.clock.runFor(1000);
    expect(await page.evaluate(() => location.hash)).toBe("#picture/7/6");
    await context.close();
  });

  it("is walked with the keyboard alone: to the divergence, through the steps, and back", async () => {
    const { page, context } = await openPage(browser);
    await goTo(page, server.url);
    await page.waitForSelector("[role=row][aria-selected=true]");
    const names = await page.$$eval("[role=gridcell] a", (links) =>
      links.map(({ textContent }) => textContent),
    );
    for (let at = 0; at < names.indexOf("clocked"); at++) await page.keyboard.press("j");
    for (const key of ["ArrowLeft", "ArrowRight"]) await page.keyboard.press(key);
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => location.hash === "#clocked");
    await settled(page);
    await page.keyboard.press("d");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => /^#clocked\/\d$/.test(location.hash));
    await settled(page);
    await page.keyboard.press("d");
    await page.waitForFunction(() => location.hash.includes("~diff"));
    await settled(page);
    await page.waitForSelector(".row.is-first[aria-selected=true]");
    await page.keyboard.press("j");
    await page.waitForFunction(() => location.hash.endsWith("/6/info") || location.hash.endsWith("/6"));
    for (const key of ["k", "u"]) await page.keyboard.press(key);
    await page.waitForFunction(() => location.hash === "#clocked");
    await page.keyboard.press("?");
    await page.waitForSelector(".help");
    await goTo(page, `${server.url}#scores`);
    for (const key of ["j", "j", "j", "j", "w"]) await page.keyboard.press(key);
    await page.waitForSelector("[aria-label=completions] [aria-selected=true]:has-text('low')");
    await page.keyboard.press("b");
    await page.waitForSelector("[aria-label=completions] [aria-selected=true]:has-text('high')");
    await context.close();
  });

  it("moves both sides of a diff with one cursor, and marks the bytes that differ", async () => {
    const { page, context } = await openPage(browser);
    await goTo(page, `${server.url}#clocked/1/~diff/clocked/1~now`);
    await page.waitForFunction(() => document.querySelectorAll(".hex mark").length > 0);
    const marked = await page.$$eval(".hex", (boxes) =>
      boxes.map((box) => box.querySelectorAll("mark").length),
    );
    expect(marked).toHaveLength(2);
    expect(marked[0]).toBe(marked[1]);
    expect(marked[0]).toBeGreaterThan(0);
    expect(await page.textContent(".cause")).toContain("envs.py:");
    expect(await page.textContent(".first")).toContain("in the last place apart");
    await page.keyboard.press("k");
    await page.waitForFunction(() => document.querySelectorAll(".hex mark").length === 0);
    await context.close();
  });

  it("plays a game against source in a sandbox, and records it as a rollout that can be verified and branched", async () => {
    await using running = await ViewServer.start({ folders: [place.path("runs")], port: 0, allowRun: true });
    const { page, context, troubles } = await openPage(browser, { width: 360 });
    await goTo(page, `${running.url}#~play`);
    expect(await violations(page)).toEqual([]);
    await page.selectOption("form label:has-text('Against') select", "its source below");
    await page.fill("textarea", "def choose_action(board, player, rng):\n    return board.index(None)\n");
    await page.click("text=Begin");
    for (const cell of [4, 2, 6]) await page.click(`.board button >> nth=${cell}`);
    await page.waitForSelector("text=You win.");
    expect(await violations(page)).toEqual([]);
    const [name, key] = (await page.$eval("main p a", (link) => link.getAttribute("href") ?? ""))
      .slice(1)
      .split("/");
    expect(await verifyRun(place.path("runs", name!))).toMatchObject({ verified: true, rollouts: 1 });
    await page.click("main p a");
    await page.click("text=Make pictures");
    await page.waitForSelector(".ansi");
    await goTo(page, `${running.url}#${name}/${key}/2`);
    await page.click("text=Branch from step 2");
    await page.waitForFunction(() => location.hash.endsWith("/~tree"));
    await page.waitForSelector("svg.tree .dot >> nth=4");
    expect(await page.textContent("main")).toContain("re-keyed by");
    await context.close();
    expect(troubles).toEqual([]);
  });

  it("reads a matchup anew when one of its runs grows", async () => {
    const { page, context } = await openPage(browser);
    const following = page.waitForResponse((answer) => answer.url().includes("/api/live/match"));
    await goTo(page, `${server.url}#match`);
    await following;
    const again = page.waitForRequest((request) => request.url().endsWith("/api/matchup/match"));
    const now = new Date();
    utimesSync(place.path("runs", "match", "a-first", "run.json"), now, now);
    await again;
    await context.close();
  });

  it("offers commands that can be pasted", async () => {
    const { page, context } = await openPage(browser);
    await goTo(page, `${server.url}#${id}`);
    const line = await page.textContent(".verdict .command code");
    expect(line).toBe(`sameseed verify '${join(place.path("runs"), hostileName)}'`);
    await context.close();
  });

  it("stays below 90 kB of script and style, compressed", () => {
    const built = ["viewer.js", "viewer.css"].map((name) => readFileSync(resolve("dist/viewer", name)));
    const bytes = built.reduce((sum, text) => sum + gzipSync(text).length, 0);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThanOrEqual(90_000);
  });
});
