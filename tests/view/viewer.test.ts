import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Workplace } from "../cli/sameseed.ts";
import { exportPage } from "../../src/view/export-page.ts";
import { ViewServer } from "../../src/view/view-server.ts";
import { chromiumPath, goTo, openPage, settled, startBrowser } from "./browser.ts";
import { buildViewer, hostile, hostileName, recordEverything, writeBeside } from "./recorded.ts";

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const id = encodeURIComponent(hostileName);
const scored = encodeURIComponent(hostile[2] ?? "");

/** Every view, and what it has to say. */
const views: readonly (readonly [hash: string, says: string])[] = [
  ["#", "diverged"],
  [`#${id}`, "never verified"],
  [`#${id}/1/2/info`, "beside"],
  [`#${id}/2`, "Fault of the environment"],
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
    ["served", 360, "dark"],
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
        expect(await page.evaluate(() => document.documentElement.scrollWidth), hash).toBeLessThanOrEqual(
          width,
        );
        // Once wide and light, once narrow and dark: that is where most of the time goes.
        if (where !== "served" || width > 360) expect(await violations(page), hash).toEqual([]);
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
      expect(await hits(page)).toEqual([]);
    }
    await context.close();
    expect(troubles).toEqual([]);
  });

  it("is walked with the keyboard alone: to the divergence, through the steps, and back", async () => {
    const { page, context } = await openPage(browser);
    await goTo(page, server.url);
    await page.waitForSelector("[role=row][aria-selected=true]");
    const names = await page.$$eval("[role=gridcell] a", (links) =>
      links.map(({ textContent }) => textContent),
    );
    for (let at = 0; at < names.indexOf("clocked"); at++) await page.keyboard.press("j");
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
    await page.keyboard.press("k");
    await page.keyboard.press("u");
    await page.waitForFunction(() => location.hash === "#clocked");
    await page.keyboard.press("?");
    await page.waitForSelector(".help");
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

/** Elements that only text that became markup makes, and whether any of it ran. */
async function hits(page: Page): Promise<string[]> {
  return await page.evaluate(() => {
    const made = document.querySelectorAll(
      "img, iframe, object, embed, b, main style, main script, [onerror], [onload], [onmouseover], a[href^='javascript']",
    );
    const ran = "hit" in window ? ["code ran"] : [];
    return [...ran, ...Array.from(made, (element) => element.outerHTML.slice(0, 200))];
  });
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(readFileSync(axe, "utf8"));
  return await page.evaluate(async () => {
    const { axe: run } = window as unknown as {
      readonly axe: {
        run(): Promise<{
          readonly violations: readonly {
            readonly id: string;
            readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
          }[];
        }>;
      };
    };
    const { violations: found } = await run.run();
    return found.map(
      ({ id: rule, nodes }) => `${rule}: ${nodes[0]?.html.slice(0, 200)} ${nodes[0]?.failureSummary ?? ""}`,
    );
  });
}
