/*
 * Reads what the package offers to a program from its declarations: every export of a door, every type that can be reached
 * from one, and what its comment says. The reference page and the test that every reachable type has a name both use it.
 */
import { readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { type Comment, parseSync } from "oxc-parser";

/** A declaration of a module. */
export interface Declaration {
  /** The module, relative to the folder of declarations, such as `rollout/rollout-config.d.ts`. */
  readonly module: string;
  readonly name: string;
  readonly kind: "class" | "function" | "interface" | "type" | "const";
  /** The text of its comment, without the stars. */
  readonly comment: string;
  /** Its text as TypeScript declares it, with the comments of its members. */
  readonly text: string;
  /** Names of types that it mentions, its own type parameters not among them. */
  readonly mentions: ReadonlySet<string>;
  /** The same without a class's constructor, which nobody can call who only has the type. */
  readonly mentionsAsType: ReadonlySet<string>;
}

/** An export of a door. */
export interface PublicName extends Declaration {
  /** The name it is exported by. */
  readonly exportedAs: string;
  /** Whether only its type is exported. */
  readonly isType: boolean;
}

/** A type that can be reached and not named. */
export interface Unnamed {
  readonly type: string;
  readonly module: string;
  /** The declaration that mentions it. */
  readonly by: string;
}

interface Module {
  readonly declarations: ReadonlyMap<string, Declaration>;
  /** Names from elsewhere: the module and the name there; undefined where it is a package's. */
  readonly imports: ReadonlyMap<string, { readonly module: string; readonly name: string } | undefined>;
  readonly exports: ReadonlyMap<string, Exported>;
}

interface Exported {
  readonly module: string;
  readonly name: string;
  readonly isType: boolean;
}

type Node = Readonly<Record<string, unknown>> & {
  readonly type: string;
  readonly start: number;
  readonly end: number;
};

const kinds: Readonly<Record<string, Declaration["kind"]>> = {
  ClassDeclaration: "class",
  TSDeclareFunction: "function",
  TSInterfaceDeclaration: "interface",
  TSTypeAliasDeclaration: "type",
};

/** The declarations of a package, module by module. */
export class Declarations {
  readonly #folder: string;
  readonly #modules = new Map<string, Module>();

  /** @param folder what `tsc` has written */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** What a door exports, in its own order. */
  namesOf(door: string): PublicName[] {
    return [...this.#module(door).exports].map(([exportedAs, { module, name, isType }]) => {
      const found = this.#find(module, name);
      if (found === undefined)
        throw new Error(`${door} exports ${exportedAs}, which ${module} does not declare`);
      return { ...found, exportedAs, isType };
    });
  }

  /** Types of the package that can be reached from what doors export, and that none of them exports. */
  unnamed(doors: readonly string[]): Unnamed[] {
    const named = doors.flatMap((door) => this.namesOf(door));
    const seen = new Set(named.map(keyOf));
    const waiting = named.map((each): readonly [Declaration, ReadonlySet<string>] => [
      each,
      each.isType ? each.mentionsAsType : each.mentions,
    ]);
    const found: Unnamed[] = [];
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [each, mentions] = next;
      for (const mention of mentions) {
        const reached = this.#find(each.module, mention);
        if (reached === undefined || seen.has(keyOf(reached))) continue;
        seen.add(keyOf(reached));
        waiting.push([reached, reached.mentionsAsType]);
        found.push({ type: reached.name, module: reached.module, by: each.name });
      }
    }
    return found;
  }

  /** A declaration by a name as it is known in a module; undefined where it is not the package's. */
  #find(module: string, name: string): Declaration | undefined {
    const { declarations, imports, exports } = this.#module(module);
    const own = declarations.get(name);
    if (own !== undefined) return own;
    const elsewhere = imports.get(name) ?? exports.get(name);
    return elsewhere === undefined ? undefined : this.#find(elsewhere.module, elsewhere.name);
  }

  #module(path: string): Module {
    let module = this.#modules.get(path);
    if (module === undefined) {
      module = readModule(path, readFileSync(join(this.#folder, path), "utf8"));
      this.#modules.set(path, module);
    }
    return module;
  }
}

function keyOf({ module, name }: Declaration): string {
  return `${module} ${name}`;
}

function readModule(path: string, text: string): Module {
  const { program, comments } = parseSync(path, text);
  const declarations = new Map<string, Declaration>();
  const imports = new Map<string, { module: string; name: string } | undefined>();
  const exports = new Map<string, Exported>();
  for (const statement of program.body as unknown as Node[]) {
    const from = statement["source"] as { readonly value: string } | null | undefined;
    const module = from === null || from === undefined ? undefined : moduleOf(path, from.value);
    const specifiers = (statement["specifiers"] ?? []) as Node[];
    if (statement.type === "ImportDeclaration")
      for (const each of specifiers) {
        const name = nameIn(each["imported"] ?? each["local"]);
        imports.set(nameIn(each["local"]), module === undefined ? undefined : { module, name });
      }
    if (statement.type === "ExportNamedDeclaration")
      for (const each of specifiers)
        exports.set(nameIn(each["exported"]), {
          module: module ?? path,
          name: nameIn(each["local"]),
          isType: statement["exportKind"] === "type" || each["exportKind"] === "type",
        });
    const declared = (statement["declaration"] ?? statement) as Node;
    for (const declaration of declarationsIn(declared, statement, path, text, comments))
      declarations.set(declaration.name, declaration);
  }
  return { declarations, imports, exports };
}

function declarationsIn(
  declared: Node,
  statement: Node,
  module: string,
  text: string,
  comments: readonly Comment[],
): Declaration[] {
  const kind = declared.type === "VariableDeclaration" ? "const" : kinds[declared.type];
  if (kind === undefined) return [];
  const names =
    kind === "const"
      ? (declared["declarations"] as Node[]).map((each) => nameIn(each["id"]))
      : [nameIn(declared["id"])];
  return names.map((name) => ({
    module,
    name,
    kind,
    comment: commentBefore(statement.start, text, comments),
    text: text.slice(statement.start, statement.end),
    mentions: mentionsIn(declared, true),
    mentionsAsType: mentionsIn(declared, false),
  }));
}

/** Every name that stands where a type does. */
function mentionsIn(root: Node, withConstructor: boolean): Set<string> {
  const found = new Set<string>();
  const own = new Set<string>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return;
    const node = value as Node;
    if (node["accessibility"] === "private") return;
    if (node["kind"] === "constructor" && !withConstructor) return;
    if (node.type === "TSTypeParameter") own.add(nameIn(node["name"]));
    if (node.type === "TSTypeReference") found.add(leftmost(node["typeName"]));
    if (node.type === "TSTypeQuery") found.add(leftmost(node["exprName"]));
    if (node.type === "TSInterfaceHeritage" || node.type === "TSClassImplements")
      found.add(leftmost(node["expression"]));
    if (node.type === "ClassDeclaration" && node["superClass"] !== null)
      found.add(leftmost(node["superClass"]));
    for (const [key, inner] of Object.entries(node)) if (key !== "parent") visit(inner);
  };
  visit(root);
  return found.difference(own);
}

function leftmost(value: unknown): string {
  const node = value as Node;
  return node.type === "TSQualifiedName" ? leftmost(node["left"]) : nameIn(node);
}

function nameIn(value: unknown): string {
  const node = value as { readonly name?: unknown; readonly value?: unknown };
  return String(typeof node.name === "object" ? nameIn(node.name) : (node.name ?? node.value));
}

/** The module a path names, seen from another; undefined for a package. */
function moduleOf(from: string, path: string): string | undefined {
  if (!path.startsWith(".")) return undefined;
  const file = path.replace(/\.(js|ts)$/, ".d.ts");
  return relative(".", normalize(join(dirname(from), file)));
}

function commentBefore(start: number, text: string, comments: readonly Comment[]): string {
  const comment = comments.findLast(({ end }) => end <= start);
  if (comment === undefined || !comment.value.startsWith("*")) return "";
  if (text.slice(comment.end, start).trim() !== "") return "";
  return comment.value
    .split("\n")
    .map((line) => line.replace(/^\s*\*+ ?/, ""))
    .join("\n")
    .trim();
}
