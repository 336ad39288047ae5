import { describe, expect, test } from "bun:test";
import { FakeRandom } from "../../test/support/fake-random.ts";
import { checkNamed, nameTemplate, nodeNamed, queryWithId, serviceNamed } from "../../test/support/state.ts";
import { openTestStore } from "../../test/support/store.ts";
import { createLog } from "../lib/log.ts";
import { Metrics } from "../lib/metrics.ts";
import type { PreparedQuery, ServiceQuery } from "../model/prepared-query.ts";
import { unlimitedCallers } from "./caller.ts";
import { createPreparedQuery } from "./prepared-query.ts";
import { PreparedQueries, type DistanceOrder, type ExecutionOptions } from "./prepared-query-execution.ts";

const id = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f11";
type Execution = Omit<ExecutionOptions, "registry">;
const plain: Execution = { limit: 0, near: "", clientAddress: undefined, connect: false };
const backwards: DistanceOrder = {
  nearestFirst: (rows) => rows.toSorted((a, b) => b.node.name.localeCompare(a.node.name)),
};

interface TestQueries {
  readonly execute: (name: string, execution?: Partial<Execution>) => ReturnType<PreparedQueries["execute"]>;
  readonly explain: (name: string) => ReturnType<PreparedQueries["explain"]>;
  readonly lines: readonly string[];
  readonly nodes: (execution?: Partial<Execution>) => readonly string[] | undefined;
}

/** Registers instances of "web" on the nodes n01 ... n12, and creates one prepared query, "q". */
async function openQueries(
  query: { readonly changes?: Partial<PreparedQuery>; readonly service?: Partial<ServiceQuery> } = {},
  distances?: DistanceOrder,
): Promise<TestQueries> {
  const { store, clock } = openTestStore();
  for (let at = 1; at <= 12; at += 1) {
    const name = `n${String(at).padStart(2, "0")}`;
    const node = nodeNamed(name, { address: `192.0.2.${at}` });
    const checks = [checkNamed("up", { serviceId: "web", status: "passing" })];
    await store.submit({ type: "register", node, skipNodeUpdate: false, service: serviceNamed("web"), checks });
  }
  await createPreparedQuery(store, queryWithId(id, { name: "q", ...query.changes }, query.service));
  const lines: string[] = [];
  const log = createLog({ level: "debug", json: false, clock, sink: (line) => void lines.push(line) }, "queries");
  const random = new FakeRandom();
  const metrics = new Metrics(clock.wallMs());
  const callers = unlimitedCallers(store);
  const of = { callers, clock, metrics, random, log, datacenter: "dc1", node: "n05", distances };
  const queries = new PreparedQueries(store, of);
  const execute: TestQueries["execute"] = (name, execution = {}) =>
    queries.execute(name, { ...plain, ...execution, registry: store });
  return {
    ...{ execute, lines },
    explain: (name) => queries.explain(name, callers.callerOf(undefined)),
    nodes: (execution) => execute("q", execution)?.instances.map(({ node }) => node.name),
  };
}

describe("the instances that a prepared query returns", () => {
  test("are all returned once at each execution, each time in another order", async () => {
    const { nodes } = await openQueries();
    const [one, other] = [nodes(), nodes()];
    expect(one).not.toEqual(other);
    expect(one?.toSorted()).toEqual(other?.toSorted());
    expect(new Set(one).size).toBe(12);
  });

  test("are sorted by distance from the `near` node before the limit applies", async () => {
    const { nodes } = await openQueries({}, backwards);
    expect(nodes({ near: "n99", limit: 3 })).toEqual(["n12", "n11", "n10"]);
    expect(nodes({ near: "n10", limit: 3 })).toEqual(["n10", "n11", "n12"]);
    // Consul moves the instance on the `near` node to the front only if it is among the first ten.
    expect(nodes({ near: "n02", limit: 1 })).toEqual(["n12"]);
  });

  test("begin with the one on the agent's node for `near` _agent, and with the one on the client's node for _ip", async () => {
    const { nodes } = await openQueries({ service: { near: "_agent" } }, backwards);
    expect(nodes({ limit: 1 })).toEqual(["n05"]);
    expect(nodes({ near: "_ip", clientAddress: "192.0.2.7", limit: 1 })).toEqual(["n07"]);
    const unknown = [nodes({ near: "_ip" }), nodes({ near: "_ip", clientAddress: "198.51.100.1" })];
    // If no node has the client's address, the instances are in random order.
    expect(unknown.map((order) => order?.[0])).not.toEqual(["n12", "n12"]);
  });
});

test("a prepared query skips an unknown failover datacenter and logs it at debug level", async () => {
  const failover = { nearestN: 2, datacenters: ["dc2", "dc3"] };
  const { execute, lines } = await openQueries({ service: { service: "nowhere", failover } });
  expect(execute("q")).toEqual({
    ...{ service: "nowhere", instances: [], dnsTtl: "", datacenter: "dc1", failovers: 0 },
  });
  expect(lines.map((line) => line.slice(25))).toEqual([
    "[DEBUG] queries: Skipping unknown datacenter in prepared query: datacenter=dc2",
    "[DEBUG] queries: Skipping unknown datacenter in prepared query: datacenter=dc3",
  ]);
});

test("the result for an unknown prepared query is undefined, and a template is found by name only", async () => {
  const { execute, explain } = await openQueries({
    changes: { template: nameTemplate },
    service: { service: "${name.suffix}" },
  });
  expect(execute("nope")).toBeUndefined();
  expect(explain("")).toBeUndefined();
  expect(execute("Qweb")?.service).toBe("Qweb");
  expect(execute("qweb")?.instances).toHaveLength(12);
  expect(() => explain(id)).toThrow("only be resolved up by name");
});
