import { expectEntries, putAll } from "../lib/contents.ts";
import { httpRead } from "../lib/http-read.ts";
import type { Group, Row } from "../lib/row.ts";

const few = { name: "few", instances: 10, timesMin: 6 };
const many = { name: "many", instances: 100, timesMin: 15 };
/** Number of instances besides those of the services `few` and `many`. */
const others = 590;
const ofAgent = few.instances + many.instances + others;
/** The number of service names: `few`, `many`, the server's `consul`, and 497 names for the other services. */
const names = 500;
const listTimesMin = 15;

export const services: Group = {
  name: "services",
  async prepare(contender) {
    const instances = [few, many].flatMap(({ name, instances: count }) =>
      Array.from({ length: count }, (_none, at) => instance(name, at)),
    );
    const rest = Array.from({ length: others }, (_none, at) => instance(`other-${at % (names - 3)}`, at));
    await putAll(contender, "/v1/agent/service/register", [...instances, ...rest]);
  },
  rows: [
    ...[few, many].flatMap(({ name, instances, timesMin }) => [
      health({ of: name, instances, timesMin }),
      health({ of: name, instances: instances / 2, timesMin: listTimesMin, filter: 'Service.Tags contains "even"' }),
      health({ of: name, instances, timesMin: listTimesMin, filter: 'Checks.Status == "passing"' }),
    ]),
    list("catalog-service", `catalog's ${many.instances} instances of a service`, {
      path: `/v1/catalog/service/${many.name}`,
      entries: many.instances,
    }),
    list("catalog-services", `catalog's names of ${names} services`, { path: "/v1/catalog/services", entries: names }),
    list("agent-services", `agent's ${ofAgent} services`, { path: "/v1/agent/services", entries: ofAgent }),
  ],
};

function instance(name: string, at: number): object {
  return {
    ID: `${name}-${at}`,
    Name: name,
    Address: "127.0.0.1",
    Port: 8_000 + at,
    Tags: ["bench", at % 2 === 0 ? "even" : "odd"],
    Check: { Name: "alive", TTL: "1h", Status: "passing" },
  };
}

interface Health {
  readonly of: string;
  /** Number of instances in the answer. */
  readonly instances: number;
  readonly timesMin: number;
  readonly filter?: string;
}

function health({ of, instances, timesMin, filter }: Health): Row {
  const kind = filter === undefined ? "" : filter.startsWith("Checks") ? "-by-status" : "-by-tag";
  const title = `health of a service's ${instances} instances`;
  return httpRead({
    name: `health-${of}${kind}`,
    title: filter === undefined ? title : `${title} with \`${filter}\``,
    path: `/v1/health/service/${of}${filter === undefined ? "" : `?filter=${encodeURIComponent(filter)}`}`,
    timesMin,
    expect: (contender, path) => expectEntries(contender, path, instances),
  });
}

function list(
  name: string,
  title: string,
  { path, entries }: { readonly path: string; readonly entries: number },
): Row {
  return httpRead({
    ...{ name, path, timesMin: listTimesMin },
    title: `the ${title}`,
    expect: (contender) => expectEntries(contender, path, entries),
  });
}
