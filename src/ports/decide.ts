import type { PortPolicy, PortRecord } from "../model/port-record.ts";
import type { Owner } from "./ledger.ts";

/** The facts on which the decision about the port of a registration depends. */
export interface Situation {
  readonly policy: Exclude<PortPolicy, "off">;
  readonly port: number;
  /** The owner of the port, if it is not the service itself. */
  readonly owner: Owner | undefined;
  /** The service's port record; undefined if the service has none, or one about another host. */
  readonly record: PortRecord | undefined;
  /** Whether the service is registered at this port already. */
  readonly keepsPort: boolean;
  /** Whether the service registers this port although it has read another one in its configuration. */
  readonly ignoresStored: boolean;
}

/** The decision: what happens to the service's registration and to its port record. */
export type Decision =
  /** The service is registered; the record stays unchanged. */
  | { readonly do: "nothing" }
  /**
   * The service is registered: no other service owns the port that it wants, or it has the port already. The record gets this
   * state.
   */
  | { readonly do: "settle"; readonly state: "active" | "pinned" | "released" }
  /** The service is registered; the conflict is recorded. */
  | { readonly do: "mark"; readonly owner: Owner }
  /** The registration is refused; the conflict is recorded. */
  | { readonly do: "refuse"; readonly owner: Owner }
  /** The service is registered as critical and assigned another port. */
  | { readonly do: "assign"; readonly owner: Owner }
  /** The service is registered as critical; the answer names the port that the service was assigned before. */
  | { readonly do: "remind"; readonly record: PortRecord }
  /** The service is registered as critical; the record says that it insists on a port with another owner. */
  | { readonly do: "pin"; readonly owner: Owner };

/**
 * Returns the decision about a registration. A service that is already registered at the port keeps it, unless the service's
 * record says that the port has another owner.
 */
export function decide(situation: Situation): Decision {
  const { owner, record, port, keepsPort } = situation;
  if (owner === undefined || (keepsPort && !isUnresolvedAt(record, port))) return settle(situation);
  switch (situation.policy) {
    case "warn":
      return { do: "mark", owner };
    case "reject":
      return { do: "refuse", owner };
    case "reassign":
      return reassign(situation, owner);
  }
}

function reassign({ record, port, ignoresStored }: Situation, owner: Owner): Decision {
  const isUnresolved = isUnresolvedAt(record, port);
  if (ignoresStored || (isUnresolved && record?.state === "pinned")) return { do: "pin", owner };
  if (isUnresolved && record?.state === "pending") return { do: "remind", record };
  return { do: "assign", owner };
}

function settle({ record, port, ignoresStored }: Situation): Decision {
  if (record === undefined) return { do: "nothing" };
  if (record.newPort === port) return record.state === "active" ? { do: "nothing" } : { do: "settle", state: "active" };
  if (record.state === "released") return { do: "nothing" };
  if (!isUnresolvedAt(record, port)) return { do: "settle", state: "released" };
  if (record.state === "pinned") return { do: "nothing" };
  return { do: "settle", state: record.state === "pending" && ignoresStored ? "pinned" : "released" };
}

/** Returns whether the record says that this port has another owner, and the conflict is not over. */
export function isUnresolvedAt(record: PortRecord | undefined, port: number): boolean {
  return record?.oldPort === port && record.state !== "active" && record.state !== "released";
}
