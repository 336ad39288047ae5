import type { PortPolicy, PortRecord } from "../model/port-record.ts";
import type { Owner } from "./ledger.ts";

/** The facts that decide about the port of a registration. */
export interface Situation {
  readonly policy: Exclude<PortPolicy, "off">;
  readonly port: number;
  /** The owner of the port, if it is not the service itself. */
  readonly owner: Owner | undefined;
  /** The service's port record; undefined too if the record is about another host. */
  readonly record: PortRecord | undefined;
  /** Whether the service is registered at this port already. */
  readonly keepsPort: boolean;
  /** Whether the service registers this port although it has read another one in its configuration. */
  readonly ignoresStored: boolean;
}

/** The action on the service's port record and its registration. */
export type Decision =
  /** Register; leave the record as it is. */
  | { readonly do: "nothing" }
  /** Register; the port is free, so the record ends in this state. */
  | { readonly do: "settle"; readonly state: "active" | "pinned" | "released" }
  /** Register; record the conflict. */
  | { readonly do: "mark"; readonly owner: Owner }
  /** Do not register; record the conflict. */
  | { readonly do: "refuse"; readonly owner: Owner }
  /** Register as critical; assign another port. */
  | { readonly do: "assign"; readonly owner: Owner }
  /** Register as critical; the answer names the port that was assigned before. */
  | { readonly do: "remind"; readonly record: PortRecord }
  /** Register as critical; record that the service insists on a port with another owner. */
  | { readonly do: "pin"; readonly owner: Owner };

/** Decides about a registration. One that repeats the service's port is accepted unless its record names another owner. */
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

/** Whether the record says that this port has another owner, and the conflict is not over. */
export function isUnresolvedAt(record: PortRecord | undefined, port: number): boolean {
  return record?.oldPort === port && record.state !== "active" && record.state !== "released";
}
