import { fileURLToPath } from "node:url";
import { defineConfig, type UserConfig } from "vite";

const here = fileURLToPath(new URL(".", import.meta.url));

/** One script and one style sheet with fixed names: what the server hands out and a page in a file holds. */
const config: UserConfig = defineConfig({
  root: here,
  logLevel: "warn",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2023",
    outDir: fileURLToPath(new URL("../dist/viewer", import.meta.url)),
    emptyOutDir: false,
    modulePreload: false,
    lib: {
      entry: fileURLToPath(new URL("src/main.tsx", import.meta.url)),
      formats: ["es"],
      fileName: () => "viewer.js",
      cssFileName: "viewer",
    },
    minify: true,
    cssMinify: true,
  },
});

export default config;
