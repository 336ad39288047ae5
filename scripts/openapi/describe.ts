import manifest from "../../package.json" with { type: "json" };
import { type Documented, type DocumentedParameter, readRequests } from "./documented.ts";
import { type Content, type Operation, type Operations, plainText } from "./operation.ts";
import { accessControlOperations } from "./operations/access-control.ts";
import { agentOperations } from "./operations/agent.ts";
import { catalogOperations, keyOperations, praetorOperations } from "./operations/catalog.ts";
import { keeperOperations } from "./operations/keeper.ts";
import { meshOperations, operatorOperations } from "./operations/operator.ts";
import { parameterOf, readParameters } from "./parameters.ts";
import { registrationSchemas } from "./registration.ts";
import { count, ref, type Schema, type Schemas, text } from "./schema.ts";
import { accessControlSchemas } from "./schemas/access-control.ts";
import { catalogSchemas } from "./schemas/catalog.ts";
import { keeperSchemas } from "./schemas/keeper.ts";
import { keySchemas } from "./schemas/keys.ts";
import { operatorSchemas } from "./schemas/operator.ts";
import { praetorSchemas } from "./schemas/praetor.ts";

/*
 * The description of the HTTP API in OpenAPI 3.1. The tables of docs/api.md and docs/keeper.md, which a test holds to the route
 * tables, give the purpose and the parameters of a request; `operations` and `schemas` here give the forms of its body and its answers.
 * A request that only one of the two has is an error.
 */

const operations: Operations = {
  ...agentOperations,
  ...catalogOperations,
  ...keyOperations,
  ...praetorOperations,
  ...accessControlOperations,
  ...operatorOperations,
  ...meshOperations,
  ...keeperOperations,
};

const schemas: Schemas = {
  ...catalogSchemas,
  ...registrationSchemas(),
  ...keySchemas,
  ...accessControlSchemas,
  ...operatorSchemas,
  ...praetorSchemas,
  ...keeperSchemas,
};

/** Returns the description. @throws Error if the documents and the operations have different requests */
export function describeApi(): object {
  const requests = [...readRequests("docs/api.md"), ...readRequests("docs/keeper.md")].filter(isApi);
  const paths: Record<string, Record<string, unknown>> = {};
  const left = new Set(Object.keys(operations));
  for (const request of requests) {
    const name = `${request.method} ${request.path}`;
    const operation = operations[name];
    if (!operation) throw new Error(`scripts/openapi/operations has no ${name}, which the documents have`);
    left.delete(name);
    const path = (paths[templateOf(request.path)] ??= pathItem(request.path));
    path[request.method.toLowerCase()] = encodeOperation(request, operation);
  }
  if (left.size > 0) throw new Error(`the documents have no ${[...left].join(", ")}`);
  return {
    openapi: "3.1.0",
    info: { title: "Praetor", version: manifest.version, summary, description, license },
    servers: [{ url: "/", description: "The agent" }],
    security: [{}, { token: [] }, { bearer: [] }],
    tags: [...new Set(requests.map(({ section }) => section))].map((name) => ({ name })),
    paths,
    components: { schemas, headers, securitySchemes, responses },
  };
}

function isApi({ path }: Documented): boolean {
  return path.startsWith("/v1/") || path.startsWith("/api/");
}

const license = { name: "Apache-2.0", identifier: "Apache-2.0" } as const;
const summary = "Service registry, health checker and key-value store";
const description =
  "Consul 1.8.7's API below /v1, Praetor's own below /v1/praetor, core-keeper's below /api/v3 on a port of its own. A query " +
  "parameter whose schema is the constant true counts by its presence.";

const securitySchemes = {
  token: { type: "apiKey", in: "header", name: "X-Consul-Token" },
  bearer: { type: "http", scheme: "bearer" },
} as const;

const headers = {
  "X-Consul-Index": { description: "The index of the answer: the `index` of the next request.", schema: count },
} as const;

const responses = {
  Error: { description: "The error's text", content: { [plainText]: { schema: text } } },
  KeeperError: { description: "The error", content: { "application/json": { schema: ref("KeeperError") } } },
} as const;

/** core-keeper's API has a port of its own. */
const keeperServers = [
  { url: "http://{host}:{port}", variables: { host: { default: "localhost" }, port: { default: "59890" } } },
] as const;

function pathItem(path: string): Record<string, unknown> {
  const parameters = variablesOf(path).map((name) => ({ name, in: "path", required: true, schema: text }));
  return {
    ...(path.startsWith("/api/") && { servers: keeperServers }),
    ...(parameters.length > 0 && { parameters }),
  };
}

/** Returns a path with its variable parts as OpenAPI writes them: "/v1/kv/<key>" as "/v1/kv/{key}". */
function templateOf(path: string): string {
  return path.replaceAll(/<([^>]+)>/g, (_, words: string) => `{${camelCase(words)}}`);
}

function variablesOf(path: string): readonly string[] {
  return [...path.matchAll(/<([^>]+)>/g)].map(([, words = ""]) => camelCase(words));
}

function camelCase(words: string): string {
  return words.replaceAll(/[^A-Za-z]+([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function encodeOperation(request: Documented, operation: Operation): object {
  const { method, path, section, answer } = request;
  const parameters = parametersOf(request);
  return {
    operationId: operationId(method, path),
    tags: [section],
    description: withoutLinks(answer),
    ...(answer.startsWith("legacy:") && { deprecated: true }),
    ...(parameters.length > 0 && { parameters }),
    ...(operation.body && {
      requestBody: { required: operation.bodyRequired ?? true, content: encodeContent(operation.body) },
    }),
    responses: encodeAnswers(request, operation),
  };
}

/** Returns a name for a function of a client: "getKvByKey", "putAgentServiceRegister", "getKeeperPing". */
function operationId(method: string, path: string): string {
  const parts = path
    .replace(/^\/v1/, "")
    .replace(/^\/api\/v3/, "/keeper")
    .replaceAll(/<([^>]+)>/g, (_, words: string) => `by-${camelCase(words)}`)
    .split(/[^A-Za-z]+/)
    .filter((part) => part !== "");
  return method.toLowerCase() + parts.map((part) => part.slice(0, 1).toUpperCase() + part.slice(1)).join("");
}

function withoutLinks(markdown: string): string {
  return markdown.replaceAll(/\[([^\]]+)\]\([^)]+\)/g, "$1");
}

function parametersOf({ path, isRead, parameters }: Documented): readonly object[] {
  const common = isRead ? readParameters.map((name) => ({ name, value: undefined, isRepeatable: false })) : [];
  return [...common, ...parameters].map((each) => encodeParameter(path, each));
}

function encodeParameter(path: string, { name, value, isRepeatable }: DocumentedParameter): object {
  const known = parameterOf(path, name);
  if (!known) throw new Error(`scripts/openapi/parameters.ts has no ${name}, which the documents have at ${path}`);
  const { schema, description: meaning } = known;
  const own: Schema = value === undefined ? schema : { const: value };
  return { name, in: "query", description: meaning, schema: isRepeatable ? { type: "array", items: own } : own };
}

function encodeAnswers({ path, isRead }: Documented, { answers }: Operation): object {
  const known = Object.entries(answers).map(([status, content]) => [
    status,
    {
      description: meanings[status] ?? "Done",
      ...(isRead && { headers: { "X-Consul-Index": { $ref: "#/components/headers/X-Consul-Index" } } }),
      ...(content && { content: encodeContent(content) }),
    },
  ]);
  const error = path.startsWith("/api/") ? "KeeperError" : "Error";
  return { ...Object.fromEntries(known), default: { $ref: `#/components/responses/${error}` } };
}

const meanings: Readonly<Record<string, string>> = {
  404: "Unknown",
  409: "Refused, and nothing is changed",
  429: "A warning",
  503: "Critical",
};

function encodeContent(content: Content): object {
  return Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema }]));
}
