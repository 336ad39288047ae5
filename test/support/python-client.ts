import { type ApiDescription, type DescribedRoute, operationsOf } from "./api-description.ts";

/*
 * A generator of clients in Python 3, of the kind that users of docs/openapi.json have: it knows the description alone. It makes a
 * TypedDict for each schema, and a function for each operation, whose parameters and answer have the types of their schemas.
 */

interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
}

interface PythonOperation {
  readonly operationId: string;
  readonly description: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>;

interface Parameter {
  readonly name: string;
  readonly schema: JsonSchema;
}

/** Returns the source of a Python module with a class `Client`. */
export function generatePythonClient(description: ApiDescription): string {
  const schemas = Object.entries(description.components["schemas"] ?? {}) as [string, JsonSchema][];
  const types = schemas.map(([name, schema]) => `${name} = ${typeDefinition(name, schema)}`);
  return [preamble, ...types, checkTypes(schemas), runtime, ...operationsOf(description).map(functionOf)].join("\n");
}

const preamble = `import json
import typing
import urllib.error
import urllib.parse
import urllib.request
`;

/** Returns code that resolves all names of types: Python itself notices a name without a type only then. */
function checkTypes(schemas: readonly (readonly [string, JsonSchema])[]): string {
  const dicts = schemas.filter(([, schema]) => schema.properties).map(([name]) => name);
  return `for each in (${dicts.join(", ")}):\n    typing.get_type_hints(each)\n`;
}

const runtime = `
class Refused(Exception):
    pass


class Client:
    def __init__(self, url: str):
        self.url = url

    def _call(self, method, path, query, body, of_json):
        pairs = [(name, "" if value is True else value) for name, value in query.items() if value is not None and value is not False]
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        address = self.url + path + "?" + urllib.parse.urlencode(pairs, doseq=True)
        request = urllib.request.Request(address, data=data, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                content = answer.read()
        except urllib.error.HTTPError as error:
            raise Refused(f"{error.code} {error.read().decode()}") from None
        return json.loads(content) if of_json and content else content
`;

function typeDefinition(name: string, schema: JsonSchema): string {
  if (!schema.properties) return typeOf(schema);
  const fields = Object.entries(schema.properties).map(([field, each]) => {
    const type = typeOf(each);
    return `${JSON.stringify(field)}: ${schema.required?.includes(field) === true ? type : `typing.NotRequired[${type}]`}`;
  });
  return `typing.TypedDict("${name}", {${fields.join(", ")}})`;
}

/** Returns a schema's type. Types that are named before they exist are texts. */
function typeOf(schema: JsonSchema): string {
  if (schema.$ref !== undefined) return `typing.ForwardRef("${schema.$ref.replace(/^.*\//, "")}")`;
  const values = schema.enum ?? ("const" in schema ? [schema.const] : undefined);
  if (values)
    return `typing.Literal[${values.map((value) => (value === true ? "True" : JSON.stringify(value))).join()}]`;
  if (schema.anyOf) return `typing.Union[${schema.anyOf.map(typeOf).join(", ")}]`;
  const types = typeof schema.type === "string" ? [schema.type] : (schema.type ?? []);
  if (types.length !== 1) return "typing.Any";
  switch (types[0]) {
    case "array":
      return `list[${typeOf(schema.items ?? {})}]`;
    case "object":
      return `dict[str, ${typeof schema.additionalProperties === "object" ? typeOf(schema.additionalProperties) : "typing.Any"}]`;
    case "string":
      return "str";
    case "boolean":
      return "bool";
    case "integer":
      return "int";
    case "number":
      return "float";
    default:
      return "None";
  }
}

function functionOf({ template, method, operation }: DescribedRoute): string {
  const { operationId, parameters = [], requestBody, responses } = operation as unknown as PythonOperation;
  const variables = [...template.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  const json = responses["200"]?.content?.["application/json"]?.schema;
  const body = Object.values(requestBody?.content ?? {})[0]?.schema;
  const taken = [
    "self",
    ...variables.map((name) => `${snakeCase(name)}: str`),
    ...(requestBody ? [`body: ${body?.type || body?.$ref !== undefined ? typeOf(body) : "typing.Any"} = None`] : []),
    ...(parameters.length > 0 ? ["*"] : []),
    ...parameters.map(({ name, schema }) => `${snakeCase(name)}: ${typeOf(schema)} | None = None`),
  ];
  const path = template.replaceAll(
    /\{(\w+)\}/g,
    (_, name: string) => `{urllib.parse.quote(${snakeCase(name)}, safe="")}`,
  );
  const query = parameters.map(({ name }) => `"${name}": ${snakeCase(name)}`).join(", ");
  return `
    def ${snakeCase(operationId)}(${taken.join(", ")}) -> ${json ? typeOf(json) : "bytes"}:
        return self._call("${method.toUpperCase()}", f'${path}', {${query}}, ${requestBody ? "body" : "None"}, ${json ? "True" : "False"})`;
}

const reserved = new Set(["in", "from"]);

function snakeCase(name: string): string {
  const snake = name.replaceAll("-", "_").replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return reserved.has(snake) ? `${snake}_` : snake;
}
