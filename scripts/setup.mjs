// `npm run setup`: installs packages, bubblewrap and the default image; quick when all of it is there.
import { setUp } from "./steps.mjs";

process.exitCode = setUp();
