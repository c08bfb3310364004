/* The page of the server's HTTP routes, made from the same schemas as its OpenAPI document. */
import { createServer } from "../src/server/server.ts";

interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly default?: unknown;
}

interface Operation {
  readonly tags: readonly string[];
  readonly summary: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: Schema;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>
  >;
}

/** The page. */
export function httpReference(): string {
  const { paths } = createServer().openApi() as unknown as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  };
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const tags = [...new Set(operations.flatMap(({ operation }) => operation.tags))];
  return [
    "# The HTTP routes",
    "Made from the routes' schemas by `npm run reference`; `GET /openapi.json` is the same for programs. [The native API](../server/native-api.md) explains leases, keys, streams and the WebSocket. A field with `?` may be left out. Errors have the body that [errors](errors.md) describe; those of SandboxFusion, rewards, OpenEnv and Tensorlake have the shapes of [their protocols](../server/doors.md), as their answers do.",
    ...tags.flatMap((tag) => [
      `## ${tag[0]!.toUpperCase()}${tag.slice(1)}`,
      ...operations
        .filter(({ operation }) => operation.tags.includes(tag))
        .map(({ path, method, operation }) => describe(`${method} ${path}`, operation)),
    ]),
    "",
  ]
    .join("\n\n")
    .replace(/\n+$/, "\n");
}

function describe(name: string, { summary, parameters, requestBody, responses }: Operation): string {
  const query = parameters
    .filter((each) => each.in === "query")
    .map((each) => `\`${each.name}${each.required ? "" : "?"}\``);
  const headers = parameters.filter((each) => each.in === "header").map((each) => `\`${each.name}\``);
  const answers = Object.entries(responses)
    .filter(([status]) => status !== "default")
    .map(([status, { content }]) => `- ${status}: ${content === undefined ? "nothing" : contents(content)}`);
  return [
    `### \`${name}\`\n`,
    `${summary}.\n`,
    ...(query.length === 0 ? [] : [`- query: ${query.join(", ")}`]),
    ...(headers.length === 0 ? [] : [`- headers: ${headers.join(", ")}`]),
    ...(requestBody === undefined ? [] : [`- body: ${contents(requestBody.content)}`]),
    ...answers,
  ]
    .join("\n")
    .trimEnd();
}

function contents(content: Readonly<Record<string, { readonly schema: Schema }>>): string {
  const [[type, { schema }] = ["", { schema: {} }]] = Object.entries(content);
  return type === "application/json" ? `\`${shape(schema, 0)}\`` : `\`${type}\``;
}

/** A schema in a few words. Of those that others refer to, which say what JSON is, no more is said than `any`. */
function shape(schema: Schema, depth: number): string {
  if (schema.anyOf !== undefined) return schema.anyOf.map((each) => shape(each, depth)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((each) => JSON.stringify(each)).join(" | ");
  if (schema.properties !== undefined) {
    if (depth > 2) return "{…}";
    const fields = Object.entries(schema.properties).map(([name, field]) => {
      const isOptional = schema.required?.includes(name) !== true || field.default !== undefined;
      return `${name}${isOptional ? "?" : ""}: ${shape(field, depth + 1)}`;
    });
    return `{ ${fields.join(", ")} }`;
  }
  if (schema.items !== undefined) return `[${shape(schema.items, depth + 1)}]`;
  if (schema.type === "object") return "{…}";
  return typeof schema.type === "string" ? schema.type : "any";
}
