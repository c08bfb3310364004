import { parseSync, Visitor, type Expression } from "oxc-parser";
import type { TrackedFile } from "./tracked-files.ts";

/** Words that begin with a capital letter wherever they stand. */
const names = /^(Python|Sameseed|PettingZoo|Gymnasium|GET|POST|JSON|Node|Linux|C)\b/;

/**
 * Messages and hints of errors begin in lower case and have no full stop: they stand behind `sameseed:` and `fix:`, inside
 * other messages, and often end in a command.
 */
export function checkMessages(file: TrackedFile): string[] {
  if (!/^src\/.*\.ts$/.test(file.path)) return [];
  const wrong: string[] = [];
  const look = (expression: Expression): void => {
    for (const [first, last] of texts(expression)) {
      const isSentence = /^[A-Z][a-z]/.test(first) && !names.test(first);
      if (isSentence || /(?<!\.)\.$/.test(last)) wrong.push(`${file.path} has the message ${first || last}`);
    }
  };
  new Visitor({
    NewExpression({ callee, arguments: [, message] }) {
      if (callee.type !== "Identifier" || callee.name !== "SameseedError") return;
      if (message !== undefined && message.type !== "SpreadElement") look(message);
    },
    Property({ key, value }) {
      if (key.type === "Identifier" && key.name === "hint") look(value as Expression);
    },
  }).visit(parseSync(file.path, file.text).program);
  return wrong;
}

/** The beginning and the end of each text that an expression may give. */
function texts(expression: Expression): [first: string, last: string][] {
  if (expression.type === "Literal")
    return typeof expression.value === "string" ? [[expression.value, expression.value]] : [];
  if (expression.type === "TemplateLiteral")
    return [[expression.quasis[0]!.value.raw, expression.quasis.at(-1)!.value.raw]];
  if (expression.type === "ConditionalExpression")
    return [...texts(expression.consequent), ...texts(expression.alternate)];
  return [];
}
