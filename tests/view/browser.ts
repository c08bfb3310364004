// Debian's Chromium, without a download of its own; `npm test` installs it where it is missing.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Where Chromium is; undefined where it is not. */
export const chromiumPath: string | undefined = places.find((place) => existsSync(place));

if (chromiumPath === undefined)
  console.error(
    "Chromium is not installed (on Debian: apt-get install chromium): the viewer's pages are not tested",
  );

/** Starts it. */
export async function startBrowser(): Promise<Browser> {
  return await chromium.launch({ executablePath: chromiumPath ?? "", args: ["--no-sandbox"] });
}

/** A page, and everything that went wrong in it. */
export interface WatchedPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of scripts, of the console, of the content policy, and dialogs. */
  readonly troubles: string[];
}

/** Opens a page that keeps what goes wrong in it. */
export async function openPage(
  browser: Browser,
  options: { readonly width?: number; readonly scheme?: "light" | "dark"; readonly offline?: boolean } = {},
): Promise<WatchedPage> {
  const { width = 1280, scheme = "light", offline = false } = options;
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: scheme,
    offline,
  });
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on("pageerror", (error) => troubles.push(`page: ${String(error)}`));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning")
      troubles.push(`console: ${message.text()}`);
  });
  page.on("dialog", (dialog) => {
    troubles.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return { page, context, troubles };
}

/** Goes to a place of the viewer and waits until nothing is loading there. */
export async function goTo(page: Page, url: string): Promise<void> {
  if (page.url() === url) await page.reload();
  else await page.goto(url);
  await settled(page);
}

/** Waits until the page has what it shows. */
export async function settled(page: Page): Promise<void> {
  await page.waitForSelector("main h1, main [role=alert]");
  await page.waitForFunction(
    () => !(document.getElementById("root")?.textContent ?? "Loading…").includes("Loading…"),
  );
}

/** Elements that only text that became markup makes, and whether any of it ran. */
export async function hits(page: Page): Promise<string[]> {
  return await page.evaluate(() => {
    const made = document.querySelectorAll(
      "img:not(.picture), .picture:not([src^='data:image/png;base64,']), iframe, object, embed, b, main style, main script, [onerror], [onload], [onmouseover], a[href^='javascript']",
    );
    const ran = "hit" in window ? ["code ran"] : [];
    return [...ran, ...Array.from(made, (element) => element.outerHTML.slice(0, 200))];
  });
}

/** What axe-core finds wrong with the page as it is. */
export async function violations(page: Page): Promise<string[]> {
  // Places of one page are one document: it is loaded once.
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axeSource);
  return await page.evaluate(async () => {
    const { axe: run } = window as unknown as {
      readonly axe: {
        run(options: object): Promise<{
          readonly violations: readonly {
            readonly id: string;
            readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
          }[];
        }>;
      };
    };
    const { violations: found } = await run.run({ resultTypes: ["violations"], preload: false });
    return found.map(
      ({ id: rule, nodes }) => `${rule}: ${nodes[0]?.html.slice(0, 200)} ${nodes[0]?.failureSummary ?? ""}`,
    );
  });
}
