import { CommandFailure } from "./command-failure.ts";
import type { CommandFlag } from "./command.ts";
import { compileExpression } from "./expression.ts";
import type { Flags } from "./flags.ts";

/** Which nodes an event is for. */
export const targetFlags: readonly CommandFlag[] = [
  { name: "node", kind: "text", value: "expression", help: "Only nodes whose name matches." },
  { name: "service", kind: "text", value: "expression", help: "Only nodes with a service whose name matches." },
  { name: "tag", kind: "text", value: "expression", help: "Only where a tag of that service matches, too." },
];

/**
 * The flags as the query of event/fire.
 * @throws CommandFailure when one is no regular expression, or -tag stands alone
 */
export function targetQuery(flags: Flags): Readonly<Record<string, string>> {
  const given = ["node", "service", "tag"].map((name): [string, string] => [name, flags.text(name) ?? ""]);
  const query = Object.fromEntries(given.filter(([, pattern]) => pattern !== ""));
  for (const [name, pattern] of Object.entries(query)) compileExpression(`${name} filter`, pattern);
  if ("tag" in query && !("service" in query))
    throw new CommandFailure("Cannot provide tag filter without service filter.");
  return query;
}
