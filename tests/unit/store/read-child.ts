// node read-child.ts FOLDER: prints the seeds that a run holds.
import { RunReader } from "../../../src/store/run-reader.ts";

using reader = await RunReader.open(process.argv[2] ?? "");
const seeds = [...reader.rows()].map((row) => row.seed);
process.stdout.write(JSON.stringify({ seeds }));
