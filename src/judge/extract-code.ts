/** How code is taken out of a completion. */
export interface Extraction {
  readonly extract: "fenced" | "raw" | "auto";
  /** Info strings of fences that hold the language, in lower case. */
  readonly fences: readonly string[];
  /** Put before a completion that is taken whole. */
  readonly prefix: string;
  /** Put before a fenced block. */
  readonly preamble: string;
}

/** Info strings of Python's fences. */
export const pythonFences: readonly string[] = ["python", "py", "python3"];

const opening = /^ {0,3}(`{3,}|~{3,})[ \t]*([^`\n]*)$/;
const thoughtEnd = "</think>";

/**
 * The code of a completion: the last fenced block of the language, else the last without a language. What a model thought
 * aloud, up to its last `</think>`, holds no answer. A block that is not closed goes to the end, as it does where the model
 * was stopped at the fence. Undefined where there is no code.
 */
export function extractCode(completion: string, how: Extraction): string | undefined {
  const thought = completion.lastIndexOf(thoughtEnd);
  const answer = thought < 0 ? completion : completion.slice(thought + thoughtEnd.length);
  if (how.extract !== "raw") {
    const blocks = fencedBlocks(answer);
    const named = blocks.filter(({ language }) => how.fences.includes(language));
    const found = (named.length > 0 ? named : blocks.filter(({ language }) => language === "")).at(-1);
    if (found !== undefined && found.code.trim() !== "") return how.preamble + found.code;
    if (how.extract === "fenced") return undefined;
  }
  return answer.trim() === "" ? undefined : how.prefix + answer;
}

interface Block {
  readonly language: string;
  readonly code: string;
}

function fencedBlocks(text: string): Block[] {
  const blocks: Block[] = [];
  let open: { readonly fence: string; readonly language: string; readonly lines: string[] } | undefined;
  for (const line of text.split(/\r?\n/)) {
    if (open === undefined) {
      const found = opening.exec(line);
      if (found === null) continue;
      const language = found[2]!
        .trim()
        .split(/[\s{,]/)[0]!
        .toLowerCase();
      open = { fence: found[1]!, language, lines: [] };
    } else if (isClosing(line, open.fence)) {
      blocks.push({ language: open.language, code: `${open.lines.join("\n")}\n` });
      open = undefined;
    } else open.lines.push(line);
  }
  if (open !== undefined) blocks.push({ language: open.language, code: `${open.lines.join("\n")}\n` });
  return blocks;
}

function isClosing(line: string, fence: string): boolean {
  const trimmed = line.trim();
  return trimmed.length >= fence.length && trimmed === fence[0]!.repeat(trimmed.length);
}
