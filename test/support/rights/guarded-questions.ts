import type { CheckRow } from "../../../src/model/check.ts";
import type { PreparedQueryRow } from "../../../src/model/prepared-query.ts";
import type { ServiceRow } from "../../../src/model/service.ts";
import type { Answer } from "./guarded-world.ts";
import type { View } from "./moments.ts";

/** A read of the agent, with the things that an answer shows and those that a model expects. A refusal shows nothing. */
export interface Question {
  /** The kind of the question, by which the simulation counts what was seen and hidden. */
  readonly kind: string;
  readonly request: string;
  readonly body?: unknown;
  /** Whether the agent holds the request until the index rises. */
  readonly blocks: boolean;
  things(answer: Answer): readonly string[];
  expected(view: View): readonly string[];
}

export const names = ["a", "aa", "ab", "aba", "b"] as const;
export const keys = ["a", "a/", "a/b", "aa", "ab/a", "b", "b/a"] as const;

/** The name of the agent's own node, which has sessions and no services here. */
export const ownNode = "n1";

type Shape = Record<string, unknown>;

function rowsOf(answer: Answer): readonly Shape[] {
  return JSON.parse(answer.text) as readonly Shape[];
}

function textOf(row: Shape, field: string): string {
  return String(row[field]);
}

function reading(
  kind: string,
  path: string,
  parts: Pick<Question, "expected"> & Partial<Pick<Question, "things">> & { readonly thing?: (row: Shape) => string },
): Question {
  const { thing = () => "" } = parts;
  const things = parts.things ?? ((answer) => rowsOf(answer).map(thing));
  return { kind, request: `GET ${path}`, blocks: true, things, expected: parts.expected };
}

/** Returns whether the holder may see a service instance. Consul: both the right to its node and to itself. */
function maySee(view: View, { node, name }: ServiceRow): boolean {
  return view.may("node", "read", node) && view.may("service", "read", name);
}

function maySeeCheck(view: View, { node, serviceName }: CheckRow): boolean {
  return view.may("node", "read", node) && (serviceName === "" || view.may("service", "read", serviceName));
}

function instanceThing({ node, id, tags }: ServiceRow): string {
  return `${node} ${id} ${tags.join()}`;
}

function checkThing({ node, id, status, notes }: CheckRow): string {
  return `${node} ${id} ${status} ${notes}`;
}

function shownCheck(row: Shape): string {
  return ["Node", "CheckID", "Status", "Notes"].map((field) => textOf(row, field)).join(" ");
}

function instances(view: View, name?: string): readonly ServiceRow[] {
  return [...view.state.services.values()].filter(
    (row) => (name === undefined || row.name === name) && maySee(view, row),
  );
}

function checksOf(view: View): readonly CheckRow[] {
  return [...view.state.checks.values()].filter((row) => maySeeCheck(view, row));
}

function entriesBelow(view: View, prefix: string) {
  return [...view.state.kv.values()].filter(({ key }) => key.startsWith(prefix) && view.may("key", "read", key));
}

function valueOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

function keyQuestions(): readonly Question[] {
  const decoded = (row: Shape): string =>
    `${textOf(row, "Key")}=${Buffer.from(textOf(row, "Value"), "base64").toString()}`;
  const entry = (view: View, key: string): readonly string[] =>
    entriesBelow(view, key).flatMap((row) => (row.key === key ? [valueOf(row.value)] : []));
  const tree = (view: View, prefix: string): readonly string[] =>
    entriesBelow(view, prefix).map(({ key, value }) => `${key}=${valueOf(value)}`);
  return [
    ...keys.flatMap((key) => [
      reading("key", `/v1/kv/${key}?raw`, { things: ({ text }) => [text], expected: (view) => entry(view, key) }),
      reading("key as JSON", `/v1/kv/${key}`, {
        thing: decoded,
        expected: (view) => entry(view, key).map((value) => `${key}=${value}`),
      }),
    ]),
    ...["", "a", "a/", "b"].flatMap((prefix) => [
      reading("tree", `/v1/kv/${prefix}?recurse`, { thing: decoded, expected: (view) => tree(view, prefix) }),
      reading("keys", `/v1/kv/${prefix}?keys`, {
        things: ({ text }) => JSON.parse(text) as readonly string[],
        expected: (view) => entriesBelow(view, prefix).map(({ key }) => key),
      }),
    ]),
    ...["a", "b"].map((prefix) => ({
      kind: "tree in a transaction",
      request: "PUT /v1/txn",
      body: [{ KV: { Verb: "get-tree", Key: prefix } }],
      blocks: false,
      things: ({ text }: Answer) => {
        const { Results } = JSON.parse(text) as { readonly Results: readonly { readonly KV: Shape }[] | null };
        return (Results ?? []).map(({ KV }) => decoded(KV));
      },
      expected: (view: View) => tree(view, prefix),
    })),
  ];
}

function nodeQuestions(): readonly Question[] {
  const nodes = (view: View) => [...view.state.nodes.values()].filter(({ name }) => view.may("node", "read", name));
  const dump = (row: Shape): readonly string[] => [
    textOf(row, "Node"),
    ...((row["Services"] ?? []) as readonly Shape[]).map(
      (each) => `${textOf(row, "Node")} ${textOf(each, "ID")} ${String(each["Tags"])}`,
    ),
    ...((row["Checks"] ?? []) as readonly Shape[]).map(shownCheck),
  ];
  const expectedDump = (view: View, name: string): readonly string[] => [
    ...nodes(view).flatMap((node) => (node.name === name ? [name] : [])),
    ...instances(view).flatMap((row) => (row.node === name ? [instanceThing(row)] : [])),
    ...checksOf(view).flatMap((row) => (row.node === name ? [checkThing(row)] : [])),
  ];
  return [
    reading("nodes", "/v1/catalog/nodes", {
      thing: (row) => `${textOf(row, "Node")} ${textOf(row, "Address")}`,
      expected: (view) => nodes(view).map(({ name, address }) => `${name} ${address}`),
    }),
    reading("nodes of the UI", "/v1/internal/ui/nodes", {
      things: (answer) => rowsOf(answer).flatMap(dump),
      expected: (view) => nodes(view).flatMap(({ name }) => expectedDump(view, name)),
    }),
    ...[...names, ownNode].flatMap((name) => [
      reading("node", `/v1/catalog/node/${name}`, {
        things({ text }) {
          const found = JSON.parse(text) as { readonly Node: Shape; readonly Services: Record<string, Shape> } | null;
          if (!found) return [];
          const row = (each: Shape): string => `${name} ${textOf(each, "ID")} ${String(each["Tags"])}`;
          return [textOf(found.Node, "Node"), ...Object.values(found.Services).map(row)];
        },
        expected: (view) => expectedDump(view, name).filter((each) => !/ (?:passing|critical) /.test(each)),
      }),
      reading("checks of a node", `/v1/health/node/${name}`, {
        thing: shownCheck,
        expected: (view) => checksOf(view).flatMap((row) => (row.node === name ? [checkThing(row)] : [])),
      }),
    ]),
  ];
}

function tagged(name: string, tags: readonly string[]): string {
  return `${name} ${[...new Set(tags)].toSorted().join()}`;
}

function serviceQuestions(): readonly Question[] {
  const health = (name: string) => ({
    things: (answer: Answer): readonly string[] =>
      rowsOf(answer).flatMap((row) => {
        const service = row["Service"] as Shape;
        const node = textOf(row["Node"] as Shape, "Node");
        const checks = (row["Checks"] as readonly Shape[]).map(
          (check) => `${textOf(service, "ID")}: ${shownCheck(check)}`,
        );
        return [`${node} ${textOf(service, "ID")} ${String(service["Tags"])}`, ...checks];
      }),
    expected: (view: View): readonly string[] =>
      instances(view, name).flatMap((row) => [
        instanceThing(row),
        ...checksOf(view)
          .filter(({ node, serviceId }) => node === row.node && (serviceId === "" || serviceId === row.id))
          .map((check) => `${row.id}: ${checkThing(check)}`),
      ]),
  });
  return [
    reading("services", "/v1/catalog/services", {
      things: ({ text }) =>
        Object.entries(JSON.parse(text) as Record<string, readonly string[]>).map(([name, tags]) => tagged(name, tags)),
      // Consul: this list alone asks for no right to read the nodes.
      expected(view) {
        const all = [...view.state.serviceInstances.values()].filter(({ name }) => view.may("service", "read", name));
        return [...new Set(all.map(({ name }) => name))].map((name) =>
          tagged(
            name,
            all.filter((row) => row.name === name).flatMap(({ tags }) => tags),
          ),
        );
      },
    }),
    ...["any", "passing", "critical"].map((status) =>
      reading("checks in a status", `/v1/health/state/${status}`, {
        thing: shownCheck,
        expected: (view) =>
          checksOf(view)
            .filter((row) => status === "any" || row.status === status)
            .map(checkThing),
      }),
    ),
    ...names.flatMap((name) => [
      reading("instances", `/v1/catalog/service/${name}`, {
        thing: (row) => `${textOf(row, "Node")} ${textOf(row, "ServiceID")} ${String(row["ServiceTags"])}`,
        expected: (view) => instances(view, name).map(instanceThing),
      }),
      reading("health", `/v1/health/service/${name}`, health(name)),
      reading("health by the cache", `/v1/health/service/${name}?cached`, health(name)),
      reading("checks of a service", `/v1/health/checks/${name}`, {
        thing: shownCheck,
        expected: (view) =>
          checksOf(view)
            .filter(({ serviceName }) => serviceName === name)
            .map(checkThing),
      }),
    ]),
  ];
}

/** Consul: a caller sees a query without a name only if it may write access control's objects, and may run every one. */
function preparedQueryQuestions(): readonly Question[] {
  const maySeeQuery = (view: View, { name }: PreparedQueryRow): boolean =>
    name === "" ? view.may("acl", "write") : view.may("query", "read", name);
  const isUsable = (view: View, { node, id }: ServiceRow): boolean =>
    ![...view.state.checks.values()].some(
      (check) => check.node === node && ["", id].includes(check.serviceId) && check.status === "critical",
    );
  return [
    reading("prepared queries", "/v1/query", {
      thing: (row) => `${textOf(row, "Name")} ${textOf(row["Service"] as Shape, "Service")}`,
      expected: (view) =>
        [...view.state.preparedQueries.values()]
          .filter((row) => maySeeQuery(view, row))
          .map(({ name, service }) => `${name} ${service.service}`),
    }),
    ...names.map((name) => ({
      ...reading("result of a prepared query", `/v1/query/${name}/execute`, {
        things({ text }) {
          const { Nodes } = JSON.parse(text) as { readonly Nodes: readonly { Node: Shape; Service: Shape }[] };
          return Nodes.map(
            ({ Node, Service }) => `${textOf(Node, "Node")} ${textOf(Service, "ID")} ${String(Service["Tags"])}`,
          );
        },
        expected: (view) =>
          instances(view, name)
            .filter((row) => isUsable(view, row))
            .map(instanceThing),
      }),
      blocks: false,
    })),
  ];
}

function otherQuestions(): readonly Question[] {
  return [
    reading("sessions", "/v1/session/list", {
      thing: (row) => textOf(row, "ID"),
      expected: (view) =>
        [...view.state.sessions.values()].filter(({ node }) => view.may("session", "read", node)).map(({ id }) => id),
    }),
    reading("events", "/v1/event/list", {
      thing: (row) => textOf(row, "ID"),
      expected: (view) => view.events.filter(({ name }) => view.may("event", "read", name)).map(({ id }) => id),
    }),
    reading("policies", "/v1/acl/policies", {
      thing: (row) => textOf(row, "ID"),
      expected: (view) => (view.may("acl", "read") ? [...view.state.aclPolicies.values()].map(({ id }) => id) : []),
    }),
    {
      ...reading("own token", "/v1/acl/token/self", {
        things: ({ text }) => [textOf(JSON.parse(text) as Shape, "AccessorID")],
        expected: ({ token }) => (token && token.secretId !== "anonymous" ? [token.accessorId] : []),
      }),
      blocks: false,
    },
  ];
}

/** All questions that readers ask. */
export const questions: readonly Question[] = [
  ...keyQuestions(),
  ...nodeQuestions(),
  ...serviceQuestions(),
  ...preparedQueryQuestions(),
  ...otherQuestions(),
];
