/**
 * Where the value of a key comes from, as far as the agent knows. "default", "file" and "environment" are values that a service has
 * pushed, with the place from which the service had them; "service" is such a value whose place the service did not tell. The
 * stored number of an origin is its place in this list.
 */
export const valueOrigins = [
  "",
  "default",
  "file",
  "environment",
  "service",
  "operator",
  "import",
  "rollback",
  "port-assignment",
] as const;

/** One of `valueOrigins`; "" if it is not known. */
export type ValueOrigin = (typeof valueOrigins)[number];

const pushed: ReadonlySet<ValueOrigin> = new Set(["default", "file", "environment", "service"]);
const ofOperators: ReadonlySet<ValueOrigin> = new Set(["operator", "import", "rollback"]);

/** Returns whether a service has pushed the value. */
export function isPushed(origin: ValueOrigin): boolean {
  return pushed.has(origin);
}

/** Returns whether an operator has written, imported or rolled back the value. */
export function isOfOperator(origin: ValueOrigin): boolean {
  return ofOperators.has(origin);
}

/** The origins that a client may name. The agent itself knows when it rolls back, and when it assigns a port. */
export const toldOrigins = ["default", "file", "environment", "service", "operator", "import"] as const;

export type ToldOrigin = (typeof toldOrigins)[number];
