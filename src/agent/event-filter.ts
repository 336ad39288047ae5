import { compileRe2 } from "../lib/filter/re2.ts";
import type { Event } from "../model/event.ts";
import type { Agent } from "./agent.ts";

type Filters = Pick<Event, "nodeFilter" | "serviceFilter" | "tagFilter">;

/** Returns Consul's error text if a filter is invalid, else undefined. */
export function eventFilterFault({ nodeFilter, serviceFilter, tagFilter }: Filters): string | undefined {
  if (serviceFilter === "" && tagFilter !== "") return "Cannot provide tag filter without service filter";
  return faultOf("node", nodeFilter) ?? faultOf("service", serviceFilter) ?? faultOf("tag", tagFilter);
}

function faultOf(kind: string, pattern: string): string | undefined {
  const compiled = compileRe2(pattern);
  return "fault" in compiled ? `Invalid ${kind} filter: ${compiled.fault}` : undefined;
}

/**
 * Returns whether an event is meant for this agent: the node filter matches the agent's node, and the service and tag filters,
 * if there are any, match one of the agent's services.
 */
export function isMeant({ nodeFilter, serviceFilter, tagFilter }: Filters, { node, services }: Agent): boolean {
  if (!matches(nodeFilter, node.name)) return false;
  if (serviceFilter === "") return true;
  return [...services.values()].some(
    ({ service }) =>
      matches(serviceFilter, service.name) && (tagFilter === "" || service.tags.some((tag) => matches(tagFilter, tag))),
  );
}

function matches(pattern: string, text: string): boolean {
  const compiled = compileRe2(pattern);
  return "test" in compiled && compiled.test(text);
}
