import { existsSync, readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";

import { SameseedError } from "../base/error.ts";

/** The viewer as it was built: one script and one style sheet. */
export interface ViewerAssets {
  readonly script: string;
  readonly style: string;
}

/**
 * Reads the built viewer. From `dist/view/` and from `src/view/` alike it is in `dist/viewer/`.
 * @throws SameseedError `tool_missing` where it was not built
 */
export function viewerAssets(): ViewerAssets {
  const places = ["../viewer/", "../../dist/viewer/"].map((place) =>
    fileURLToPath(new URL(place, import.meta.url)),
  );
  const folder = places.find((place) => existsSync(`${place}viewer.js`));
  if (folder === undefined)
    throw new SameseedError("tool_missing", "the viewer is not built", {
      hint: "run `npm run build` in the clone, or install the package again",
    });
  return {
    script: readFileSync(`${folder}viewer.js`, "utf8"),
    style: readFileSync(`${folder}viewer.css`, "utf8"),
  };
}

/*
 * What both pages may do: run the viewer's own script, and nothing else. No text can become markup or code anywhere, because
 * the browser refuses every place where it could (`require-trusted-types-for`, with no policy that makes trusted text).
 */
const common =
  "img-src data:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/** What the served page may do. */
export const servedPolicy: string = `default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-ancestors 'none'; ${common}`;

/** The page that the server hands out. */
export const servedPage: string = page(
  '<link rel="stylesheet" href="viewer.css">\n<script type="module" src="viewer.js"></script>',
  "",
);

/**
 * The page that is a file: it holds everything, and may load nothing.
 * @param documents each by its path, as gzipped base64
 */
export function filePage(
  { script, style }: ViewerAssets,
  documents: Iterable<readonly [path: string, base64: string]>,
): string[] {
  // Neither ends its element, nor begins a comment in it: the same program, written otherwise.
  const code = script.replaceAll("</", "<\\/").replaceAll("<!--", "<\\!--");
  const sheet = style.replaceAll("</", "<\\/");
  const policy = `default-src 'none'; script-src '${hashOf(code)}'; style-src '${hashOf(sheet)}'; ${common}`;
  const [before = "", after = ""] = page(
    `<meta http-equiv="Content-Security-Policy" content="${policy}">\n<style>${sheet}</style>`,
    `\u0000<script type="module">${code}</script>`,
  ).split("\u0000");
  const blocks = Array.from(
    documents,
    ([path, base64]) => `<script type="text/plain" data-path="${attribute(path)}">${base64}</script>\n`,
  );
  return [before, ...blocks, after];
}

function page(head: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
${head}
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>Sameseed</title>
</head>
<body>
<div id="root"></div>
${body}
</body>
</html>
`;
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

/** A path is encoded as in a URL; what that leaves is escaped here. */
function attribute(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll('"', "&quot;")
    .replaceAll("<", "&lt;")
    .replaceAll("'", "&#39;");
}
