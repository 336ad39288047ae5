import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describeApi } from "../../scripts/openapi/describe.ts";
import type { Keeper } from "../../src/keeper/keeper.ts";
import { routes as keeperRoutes } from "../../src/keeper/routes.ts";
import { type Api, routes } from "../../src/http/routes.ts";
import { apiCheckNames } from "../../src/wire/check-fields.ts";
import { apiServiceNames } from "../../src/wire/service-definition.ts";
import type { Exchange, Json, Recording } from "../conformance/recorded/recording.ts";
import { anyValue, AnswerValidator, operationsOf, readDescription } from "../support/api-description.ts";

const description = await readDescription();
const operations = operationsOf(description);
const validator = new AnswerValidator(description);

describe("docs/openapi.json", () => {
  test("is what make schemas writes", () => {
    expect(description as object).toEqual(JSON.parse(JSON.stringify(describeApi())) as object);
  });

  test("describes every path of the API with its methods, and no other", () => {
    // The routes are never called, so they get empty parts.
    const all = [...routes({ acl: {} } as Api), ...keeperRoutes({} as Keeper)];
    const known = all
      .filter(({ path }) => /^\/(?:v1|api)\//.test(path))
      .flatMap(({ path, methods }) => Object.keys(methods).map((method) => `${method} ${path}`));
    const described = operations.map(({ method, template }) => {
      return `${method.toUpperCase()} ${template.replace(/\{[^}]+\}.*$/, "")}`;
    });
    expect(known.length).toBeGreaterThan(150);
    expect([...new Set(described)].toSorted()).toEqual(known.toSorted());
  });

  test("names each operation once, and uses each schema", () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const text = JSON.stringify(description);
    const used = new Set([...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name = ""]) => name));
    expect([...used].toSorted()).toEqual(Object.keys(description.components["schemas"] ?? {}).toSorted());
  });

  test("has the structure of OpenAPI 3.1: sound schemas, a value for each variable of a path, and no parameter twice", () => {
    validator.compileAll();
    const shapes = Object.keys(description.paths).map((template) => template.replaceAll(/\{\w+\}/g, "{}"));
    expect(new Set(shapes).size).toBe(shapes.length);
    for (const [template, item] of Object.entries(description.paths)) {
      const variables = [...template.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
      const { parameters = [] } = item as { readonly parameters?: readonly { readonly name: string }[] };
      expect([template, ...parameters.map(({ name }) => name)]).toEqual([template, ...variables]);
    }
    for (const { template, operation } of operations) {
      const names = operation.parameters?.map(({ name }) => name) ?? [];
      expect([template, ...names]).toEqual([template, ...new Set(names)]);
    }
  });

  test("has the fields of services and checks that the agent takes", () => {
    const fieldsOf = (name: string): readonly string[] => {
      const schema = description.components["schemas"]?.[name] as { readonly properties: object };
      return Object.keys(schema.properties).toSorted();
    };
    expect(fieldsOf("ServiceDefinition")).toEqual([...apiServiceNames].toSorted());
    expect(fieldsOf("CheckDefinition")).toEqual([...apiCheckNames, "Args"].toSorted());
  });
});

const folders = ["recorded", "access-control"].map((name) => join(import.meta.dir, `../conformance/${name}/answers`));
const recordings = await Promise.all(
  folders.flatMap((folder) =>
    readdirSync(folder).map(async (name) => {
      const { exchanges } = (await Bun.file(join(folder, name)).json()) as Recording;
      return { name: `${folder.split("/").at(-2)}/${name}`, exchanges };
    }),
  ),
);

describe("the recorded answers of Consul fit docs/openapi.json", () => {
  for (const { name, exchanges } of recordings) {
    test(name, () => {
      const faults = exchanges.flatMap((exchange) =>
        faultsOf(exchange).map((fault) => `${exchange.request} ${exchange.status}: ${fault}`),
      );
      expect(faults).toEqual([]);
    });
  }

  test("they are answers of most operations of Consul's API", () => {
    const requests = recordings.flatMap(({ exchanges }) => exchanges.map(({ request }) => request));
    const answered = new Set(requests.map((request) => validator.routeOf(request)?.operation.operationId));
    const missing = operations.filter(
      ({ template, operation }) => /^\/v1\/(?!praetor)/.test(template) && !answered.has(operation.operationId),
    );
    expect(missing.map(({ operation }) => operation.operationId)).toEqual([]);
  });

  test("an answer with a changed type, a lacking or a further field does not fit", () => {
    let changed = 0;
    for (const { exchanges } of recordings) {
      for (const exchange of exchanges) {
        const { body, status } = exchange;
        const row: Json | undefined = Array.isArray(body) ? (body as readonly Json[])[0] : undefined;
        const route = validator.routeOf(exchange.request);
        if (status !== 200 || !route || !isRow(row) || faultsOf(exchange).length > 0) continue;
        const [[field, value] = ["", null]] = Object.entries(row);
        const { [field]: _, ...others } = row;
        for (const wrong of [{ ...row, [field]: [value] }, others, { ...row, Further: 1 }]) {
          changed++;
          const mutant = { ...exchange, body: [wrong as Json] };
          if (faultsOf(mutant).length === 0) throw new Error(`${exchange.request} fits with ${JSON.stringify(wrong)}`);
        }
      }
    }
    expect(changed).toBeGreaterThan(1_000);
  });
});

function isRow(value: Json | undefined): value is { readonly [field: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Returns what is wrong with a recorded answer; nothing for a request that is no request of the API. */
function faultsOf({ request, status, headers, body }: Exchange): readonly string[] {
  const route = validator.routeOf(request);
  if (!route) return isOutside(request, status) ? [] : ["the request is not described"];
  // A Consul may do things that Praetor always refuses.
  if (Object.keys(route.operation.responses).join() === "default" && status < 400) return [];
  return validator.faultsOf(route, { status, type: headers["Content-Type"], body: restored(body) });
}

function isOutside(request: string, status: number): boolean {
  return /^(?:OPTIONS|HEAD) |^\w+ \/(?!v1\/)/.test(request) || [301, 400, 404, 405].includes(status);
}

/** Puts values in the place of the names that stand for values that differ between runs. */
function restored(value: Json): unknown {
  if (Array.isArray(value)) return value.map((each: Json) => restored(each));
  // The tags of a member are texts, its ports too.
  if (isRow(value))
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [name, name === "Tags" ? each : restored(each)]),
    );
  if (typeof value !== "string" || value === anyValue) return value;
  const [, kind] = /^<(index|id|time|[a-z-]+ port)\b[^>]*>$/.exec(value) ?? [];
  return kind === undefined ? value : (stands[kind] ?? 1);
}

const stands: Readonly<Record<string, Json>> = {
  index: 1,
  id: "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f11",
  time: "2026-01-31T12:00:00Z",
};
