import { expect, test } from "bun:test";
import { compileFilter, type FilterFields } from "../lib/filter/compile-filter.ts";
import { OperatingError } from "../lib/errors.ts";
import {
  agentCheckFields,
  agentServiceFields,
  catalogServiceFields,
  healthCheckFields,
  nodeFields,
  nodeServiceFields,
  serviceEntryFields,
} from "./filter-fields.ts";

/**
 * filter-answers.jsonl holds responses of Consul 1.8.7: first the rows of agent/services, then one JSON array per line: endpoint,
 * expression, and result. The result is the ids that matched (for agent/services), true (the expression was accepted) or the
 * error text.
 */
const [first = "", ...rest] = (await Bun.file(`${import.meta.dir}/filter-answers.jsonl`).text()).trim().split("\n");
const { rows }: { rows: Record<string, object> } = JSON.parse(first);
const answers: [endpoint: string, expression: string, answer: string[] | string | true][] = rest.map((line) =>
  JSON.parse(line),
);

const fieldsOf: Record<string, FilterFields> = {
  "agent/services": agentServiceFields,
  "agent/checks": agentCheckFields,
  "catalog/nodes": nodeFields,
  "catalog/service": catalogServiceFields,
  "catalog/node": nodeServiceFields,
  "catalog/node-services": nodeServiceFields,
  "health/node": healthCheckFields,
  "health/checks": healthCheckFields,
  "health/state": healthCheckFields,
  "health/service": serviceEntryFields,
};

test("each recorded filter expression selects the rows that Consul selects, or is refused with Consul's text", () => {
  expect(answers.length).toBeGreaterThan(450);
  for (const [endpoint, expression, answer] of answers) {
    const got = evaluate(endpoint, expression);
    const wanted = Array.isArray(answer) || answer === true ? answer : answer.replace(prefix, "");
    expect({ endpoint, expression, got: answer === true && Array.isArray(got) ? true : got }).toEqual({
      endpoint,
      expression,
      got: wanted,
    });
  }
});

test("a filter on an agent's services reads zero values for a missing proxy, where Consul's agent panics", () => {
  expect(evaluate("agent/services", 'Proxy.DestinationServiceName == ""')).toEqual(Object.keys(rows).toSorted());
  expect(evaluate("agent/services", "Connect.Native == true")).toEqual([]);
});

// Consul omits this prefix for some endpoints and some errors.
const prefix = "Failed to create boolean expression evaluator: ";

function evaluate(endpoint: string, expression: string): string[] | string {
  try {
    const passes = compileFilter(expression, fieldsOf[endpoint] ?? {});
    const passed = Object.entries(rows).filter(([, row]) => endpoint === "agent/services" && passes(row));
    return passed.map(([id]) => id).toSorted();
  } catch (thrown) {
    if (!(thrown instanceof OperatingError)) throw thrown;
    return thrown.message.replace(prefix, "");
  }
}
