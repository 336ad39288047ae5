import { join } from "node:path";
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";

/** The parts of docs/openapi.json that the tests read. */
export interface ApiDescription {
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

type PathItem = Readonly<Record<string, DescribedOperation>>;

export interface DescribedOperation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly schema: unknown }[];
  readonly responses: Readonly<Record<string, DescribedAnswer>>;
}

interface DescribedAnswer {
  readonly content?: Readonly<Record<string, unknown>>;
}

/** A route of the description that a request belongs to. */
export interface DescribedRoute {
  readonly template: string;
  readonly method: string;
  readonly operation: DescribedOperation;
}

/** The answer to a request, as far as the description tells of it. */
export interface Answered {
  readonly status: number;
  /** The Content-Type; undefined for none. */
  readonly type: string | undefined;
  /** The body: parsed if it is JSON, else its text. */
  readonly body: unknown;
}

const methods = ["get", "put", "post", "delete"];

/** The stand-in of a recorded answer for a value that differs between runs: it fits each schema. */
export const anyValue = "<varies>";

export function readDescription(): Promise<ApiDescription> {
  return Bun.file(join(import.meta.dir, "../../docs/openapi.json")).json() as Promise<ApiDescription>;
}

/** Returns all operations of the description. */
export function operationsOf({ paths }: ApiDescription): readonly DescribedRoute[] {
  return Object.entries(paths).flatMap(([template, item]) =>
    methods.flatMap((method) => {
      const operation = item[method];
      return operation ? [{ template, method, operation }] : [];
    }),
  );
}

/** Holds answers to the description. */
export class AnswerValidator {
  readonly #routes: readonly (DescribedRoute & { readonly pattern: RegExp })[];
  readonly #ajv: Ajv2020;
  readonly #components: Readonly<Record<string, unknown>>;
  readonly #compiled = new Map<string, ValidateFunction>();

  constructor(description: ApiDescription) {
    this.#components = description.components["schemas"] ?? {};
    this.#ajv = new Ajv2020({ allErrors: true, verbose: true, strictTypes: false, strictRequired: false });
    this.#ajv.addFormat("date-time", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/);
    // The validator takes the whole description for a schema, whose keywords these are.
    this.#ajv.addVocabulary(Object.keys(description));
    this.#ajv.addSchema(description, root, false, false);
    this.#routes = operationsOf(description)
      .map((route) => ({ ...route, pattern: patternOf(route.template) }))
      .toSorted((one, other) => literalLength(other.template) - literalLength(one.template));
  }

  /** Compiles all schemas of the components. @throws Error for one that is no schema, or that names one that is not there */
  compileAll(): void {
    for (const name of Object.keys(this.#components)) this.#compile(["components", "schemas", name]);
  }

  /** Returns the route of a request such as "GET /v1/kv/a?raw"; undefined for one that the description lacks. */
  routeOf(request: string): DescribedRoute | undefined {
    const [method = "", target = ""] = request.split(/ (.*)/s);
    const [path = ""] = target.split("?");
    return this.#routes.find((route) => route.method === method.toLowerCase() && route.pattern.test(path));
  }

  /** Returns what is wrong with the answer to a request of the route: nothing, or a line for each fault. */
  faultsOf(route: DescribedRoute, { status, type, body }: Answered): readonly string[] {
    const { template, method, operation } = route;
    const described = operation.responses[status];
    if (!described) return errorFaults(template, { status, type, body });
    const media = type?.replace(/;.*/, "");
    const { content = { none: true } } = described;
    // Go names no type for a text that is empty.
    const isEmpty = media === undefined && body === "";
    if (isEmpty && ("none" in content || "text/plain" in content)) return [];
    if (media === undefined) return [`status ${status} has no type`];
    if (!(media in content)) return [`status ${status} has the type ${media}`];
    const place = [...["paths", template, method, "responses", String(status), "content", media, "schema"]];
    return this.#faultsBy(place, body);
  }

  #faultsBy(place: readonly string[], value: unknown): readonly string[] {
    const compiled = this.#compile(place);
    if (compiled(value)) return [];
    return (compiled.errors ?? []).filter(({ data }) => data !== anyValue).map(wordsOf);
  }

  #compile(place: readonly string[]): ValidateFunction {
    const pointer = place.map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/");
    const compiled = this.#compiled.get(pointer) ?? this.#ajv.getSchema(`${root}#/${pointer}`);
    if (!compiled) throw new Error(`docs/openapi.json has no schema at ${pointer}`);
    this.#compiled.set(pointer, compiled);
    return compiled;
  }
}

const root = "https://praetor.test/openapi.json";

function wordsOf({ instancePath, message = "", params, data }: ErrorObject): string {
  return `${instancePath} ${message} ${JSON.stringify(params)}: ${JSON.stringify(data).slice(0, 120)}`;
}

/** An error's body is its text; an answer that moves the client has none that matters. */
function errorFaults(template: string, { status, type, body }: Answered): readonly string[] {
  if (status === 301) return [];
  if (status < 400) return [`status ${status} is not described`];
  if (template.startsWith("/api/")) return type === "application/json" ? [] : [`status ${status} is no JSON`];
  return typeof body === "string" && type !== "application/json" ? [] : [`status ${status} is no text`];
}

/** Only a path's last variable part can have slashes. */
function patternOf(template: string): RegExp {
  const escaped = template.replaceAll(/[.+]/g, "\\$&").replaceAll(/\{[^}]+\}/g, "(.*)");
  return new RegExp(`^${escaped}$`, "s");
}

function literalLength(template: string): number {
  return template.replaceAll(/\{[^}]+\}/g, "").length;
}
