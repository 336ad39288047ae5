import { OperatingError } from "../lib/errors.ts";
import { compileRe2 } from "../lib/filter/re2.ts";
import {
  evaluateInterpolation,
  parseInterpolation,
  type Expression,
  type InterpolationScope,
} from "../lib/interpolation.ts";
import type { PreparedQuery, ServiceQuery } from "./prepared-query.ts";

/**
 * Renders a template for the name that a client queries: evaluates the expressions in all texts of `query.service`. Example: for
 * the name `geo-db-main`, the template `geo-` with the regular expression `^geo-(.*)-(.*)$` has name.full `geo-db-main`,
 * name.prefix `geo-`, name.suffix `db-main`, match(1) `db` and match(2) `main`.
 * @throws OperatingError invalid, code "query-template", with Consul's text
 */
export function renderTemplate<T extends PreparedQuery>(query: T, name: string): T {
  const { type, regexp, removeEmptyTags } = query.template;
  if (type !== "name_prefix_match") throw fault(`Bad Template.Type '${type}'`);
  const expressions = new Map<string, Expression>();
  mapTexts(query.service, (text, path) => {
    expressions.set(path, parse(text, path));
    return text;
  });
  const scope = scopeOf({ name, prefix: query.name, groups: groupsOf(regexp, name) });
  const service = mapTexts(query.service, (text, path) => {
    const expression = expressions.get(path);
    return expression ? evaluate(expression, scope, { text, path }) : text;
  });
  if (!removeEmptyTags) return { ...query, service };
  return { ...query, service: { ...service, tags: service.tags?.filter((tag) => tag !== "") ?? [] } };
}

function fault(what: string): OperatingError {
  return new OperatingError("invalid", "query-template", what);
}

function parse(text: string, path: string): Expression {
  try {
    return parseInterpolation(text);
  } catch (cause) {
    if (!(cause instanceof OperatingError)) throw cause;
    throw fault(`Bad format '${text}' in Service${path}: ${cause.message}`);
  }
}

function evaluate(
  expression: Expression,
  scope: InterpolationScope,
  { text, path }: { readonly text: string; readonly path: string },
): string {
  try {
    return evaluateInterpolation(expression, scope);
  } catch (cause) {
    if (!(cause instanceof OperatingError)) throw cause;
    throw fault(`Bad evaluation for '${text}' in Service${path}: ${cause.message}`);
  }
}

function groupsOf(regexp: string, name: string): readonly string[] {
  if (regexp === "") return [];
  const compiled = compileRe2(regexp);
  if ("fault" in compiled) throw fault(`Bad Regexp: ${compiled.fault}`);
  return compiled.match(name) ?? [];
}

interface TemplateCall {
  readonly name: string;
  readonly prefix: string;
  readonly groups: readonly string[];
}

/**
 * Returns the variables and functions for a template's expressions. Consul: templates match names without regard to case,
 * but name.suffix lacks the prefix only if the prefix has the same case.
 */
function scopeOf({ name, prefix, groups }: TemplateCall): InterpolationScope {
  return {
    variables: new Map([
      ["name.full", name],
      ["name.prefix", prefix],
      ["name.suffix", name.startsWith(prefix) ? name.slice(prefix.length) : name],
      // Praetor has no network segments.
      ["agent.segment", ""],
    ]),
    functions: new Map([["match", (index: number) => groups[index] ?? ""]]),
  };
}

type TextMap = (text: string, path: string) => string;

/**
 * Returns the service with each text replaced by `change(text, path)`, in Consul's order; the paths are those of Consul's error
 * texts.
 */
function mapTexts(service: ServiceQuery, change: TextMap): ServiceQuery {
  return {
    ...service,
    service: change(service.service, ".Service"),
    failover: {
      ...service.failover,
      datacenters: mapList(service.failover.datacenters, ".Failover.Datacenters", change),
    },
    ignoreCheckIds: mapList(service.ignoreCheckIds, ".IgnoreCheckIDs", change),
    near: change(service.near, ".Near"),
    tags: mapList(service.tags, ".Tags", change),
    nodeMeta: mapValues(service.nodeMeta, ".NodeMeta", change),
    serviceMeta: mapValues(service.serviceMeta, ".ServiceMeta", change),
  };
}

function mapList(list: readonly string[] | null, path: string, change: TextMap): readonly string[] | null {
  return list && list.map((text, at) => change(text, `${path}[${at}]`));
}

function mapValues(map: ServiceQuery["nodeMeta"], path: string, change: TextMap): ServiceQuery["nodeMeta"] {
  if (map === null) return null;
  return Object.fromEntries(Object.entries(map).map(([key, text]) => [key, change(text, `${path}[${key}]`)]));
}
