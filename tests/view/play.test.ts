/* Turn games in the page: chosen by their legal moves, shown as their environment draws them. */
import { mkdirSync } from "node:fs";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { buildImage } from "../../src/image/build-image.ts";
import { packagedLock } from "../../src/image/runtime-files.ts";
import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { verifyRun } from "../../src/verify/verify-run.ts";
import { ViewServer } from "../../src/view/view-server.ts";
import { Workplace } from "../cli/sameseed.ts";
import { chromiumPath, goTo, openPage, startBrowser, violations } from "./browser.ts";
import { buildViewer } from "./recorded.ts";

const first = (moves: string): string => `${moves} button:not(:disabled) >> nth=0`;

describe.skipIf(chromiumPath === undefined)("a game in the page", { timeout: 240_000 }, () => {
  let place: Workplace;
  let server: ViewServer;
  let browser: Browser;

  beforeAll(async () => {
    buildViewer();
    await buildImage({ name: "pettingzoo", requirements: packagedLock("pettingzoo") });
    place = new Workplace();
    mkdirSync(place.path("runs"));
    server = await ViewServer.start({ folders: [place.path("runs")], port: 0, allowRun: true });
    browser = await startBrowser();
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
    await closeSandboxes();
    place?.[Symbol.dispose]();
  });

  it.for([
    ["connect_four", ".board", undefined, 7],
    ["pettingzoo:connect_four_v3", ".moves", "img.position", 7],
    ["pettingzoo:chess_v6", ".moves", "pre.ansi", 20],
  ] as const)("%s is played by its legal moves, drawn, and recorded", async ([game, moves, drawn, count]) => {
    const { page, context, troubles } = await openPage(browser, { width: 360 });
    await goTo(page, `${server.url}#~play`);
    await page.fill("input[list=games]", game);
    await page.fill("input[inputmode=numeric]", "7");
    await page.click("text=Begin");
    await page.waitForSelector(first(moves));
    const buttons = await page.$$eval(`${moves} button:not(:disabled)`, (all) => all.length);
    expect(buttons).toBe(moves === ".board" ? 42 : count);
    let before = "";
    for (let move = 0; move < 2; move++) {
      if (drawn !== undefined) {
        await page.waitForFunction(
          ([selector, old]) => (document.querySelector(selector)?.outerHTML ?? old) !== old,
          [drawn, before] as const,
        );
        before = await page.$eval(drawn, (element) => element.outerHTML);
      }
      await page.click(first(moves));
      await page.waitForFunction(
        (made) => document.querySelector("[role=status]")?.textContent.includes("your move") === true && made,
        true,
      );
    }
    expect(await violations(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    await page.click("text=Resign");
    await page.waitForSelector("text=The policy wins: you resigned.");
    const [name, key] = (await page.$eval("main p a", (link) => link.getAttribute("href") ?? ""))
      .slice(1)
      .split("/");
    expect(Number(key)).toBeGreaterThanOrEqual(0);
    expect(await verifyRun(place.path("runs", name!))).toMatchObject({ verified: true, rollouts: 1 });
    await context.close();
    expect(troubles).toEqual([]);
  });

  it("takes a move that is typed where a game does not list them", async () => {
    const { page, context, troubles } = await openPage(browser);
    await goTo(page, `${server.url}#~play`);
    await page.fill("input[list=games]", "pettingzoo:rps_v2");
    await page.click("text=Begin");
    await page.fill("text=Your move, as JSON >> input", "rock");
    expect(await page.isDisabled("button:text-is('Move')")).toBe(true);
    await page.fill("text=Your move, as JSON >> input", "2");
    await page.click("button:text-is('Move')");
    await page.waitForSelector("button:text-is('Take back'):not(:disabled)");
    await page.click("text=Another game");
    await page.waitForSelector("text=Begin");
    await context.close();
    expect(troubles).toEqual([]);
  });
});
