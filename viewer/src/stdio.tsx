import type { JSX } from "preact";

import { otherSuffix, type RolloutDocument } from "../../src/view/documents.ts";
import type { StdioDocument } from "../../src/view/shown-stdio.ts";
import { AnsiText } from "./ansi-text.tsx";
import { isFile, pathOf, useDocument } from "./data.ts";
import { Command, JsonLink, Ready, Section, when } from "./parts.tsx";

type Program = StdioDocument["programs"][number];

/** What a rollout's programs wrote to stdout and stderr, or how to find out. */
export function Stdio({ rollout }: { readonly rollout: RolloutDocument }): JSX.Element | null {
  const { id, key, hasStdio, dir, lineage } = rollout;
  const path = pathOf("stdio", id, key);
  const loaded = useDocument<StdioDocument>(hasStdio ? path : null);
  if (key.endsWith(otherSuffix)) return null;
  return (
    <Section title="stdout and stderr" aside={hasStdio ? <JsonLink path={path} /> : undefined}>
      {hasStdio ? (
        <Ready of={loaded}>{(stdio) => <Programs stdio={stdio} />}</Ready>
      ) : (
        <p class="quiet">
          A recording has the steps, not what its programs print. Running it again shows that
          {isFile ? ", and a new page then has it" : ""}:{" "}
          <Command
            words={["replay", dir, lineage === undefined ? "--seed" : "--branch", key, "--stdio"]}
            what="runs this rollout again and keeps what it writes"
          />
        </p>
      )}
    </Section>
  );
}

function Programs({ stdio }: { readonly stdio: StdioDocument }): JSX.Element {
  const { programs, at, exact } = stdio;
  const wrote = programs.filter(({ stdout, stderr }) => stdout.bytes + stderr.bytes > 0);
  const how = exact ? "gave the same bytes" : "reached the same limit, after another number of steps";
  return (
    <>
      <p class="quiet">
        Written {when(at)}, when the rollout was run again, policies included, and {how}.
        {wrote.length === 0 && " Nothing was written."}
      </p>
      {wrote.map((program) => (
        <Streams key={program.seat} program={program} isOnly={programs.length === 1} />
      ))}
    </>
  );
}

function Streams({ program, isOnly }: { readonly program: Program; readonly isOnly: boolean }): JSX.Element {
  const { seat, stdout, stderr } = program;
  const who = seat === null ? (isOnly ? "the rollout" : "environment") : `policy of ${seat}`;
  const streams = [
    { name: "stdout", ...stdout },
    { name: "stderr", ...stderr },
  ].filter(({ bytes }) => bytes > 0);
  return (
    <>
      {streams.map(({ name, bytes, text, tail }) => (
        <div class="stream" key={name}>
          <h3>
            {who}, {name} <span class="quiet">{bytes} bytes</span>
          </h3>
          <AnsiText text={linesOf(text)} isSmall={false} />
          {tail !== undefined && (
            <>
              <p class="quiet">… what is between is not kept; it ends with</p>
              <AnsiText text={linesOf(tail)} isSmall={false} />
            </>
          )}
        </div>
      ))}
    </>
  );
}

/** A terminal writes over its line where a carriage return stands; here each is a line. */
function linesOf(text: string): string {
  return text.replaceAll(/\r\n?/g, "\n");
}
