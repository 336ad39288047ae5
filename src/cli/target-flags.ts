import { CommandFailure } from "./command-failure.ts";
import type { CommandFlag } from "./command.ts";
import { compileExpression } from "./expression.ts";
import type { Flags } from "./flags.ts";

/** Flags that select the nodes to which an event is sent. */
export const targetFlags: readonly CommandFlag[] = [
  { name: "node", kind: "text", value: "expression", help: "Only nodes whose name matches." },
  { name: "service", kind: "text", value: "expression", help: "Only nodes with a service whose name matches." },
  { name: "tag", kind: "text", value: "expression", help: "Only nodes where a tag of that service matches, too." },
];

/**
 * Returns the flags as query parameters of event/fire.
 * @throws CommandFailure if a value is not a regular expression, or -tag is given without -service
 */
export function targetQuery(flags: Flags): Readonly<Record<string, string>> {
  const given = ["node", "service", "tag"].map((name): [string, string] => [name, flags.text(name) ?? ""]);
  const query = Object.fromEntries(given.filter(([, pattern]) => pattern !== ""));
  for (const [name, pattern] of Object.entries(query)) compileExpression(`${name} filter`, pattern);
  if ("tag" in query && !("service" in query))
    throw new CommandFailure("Cannot provide tag filter without service filter.");
  return query;
}
