import type { PortPolicy, PortRecord } from "../model/port-record.ts";
import type { Owner } from "./ledger.ts";

/** A service registers a port, and this is known of it. */
export interface Situation {
  readonly policy: Exclude<PortPolicy, "off">;
  readonly port: number;
  /** Who else has the port. */
  readonly owner: Owner | undefined;
  /** What was noted of the service before; on the host that it registers. */
  readonly record: PortRecord | undefined;
  /** It is registered at this port already. */
  readonly keepsPort: boolean;
  /** It has read that another port is stored for it, and registers this one. */
  readonly ignoresStored: boolean;
}

/** What is to be done; the service is registered in any case but one. */
export type Verdict =
  /** Nothing is to be noted. */
  | { readonly do: "nothing" }
  /** Nobody is in its way: what was noted before ends so. */
  | { readonly do: "settle"; readonly state: "active" | "pinned" | "released" }
  /** The conflict is noted. */
  | { readonly do: "mark"; readonly owner: Owner }
  /** The conflict is noted, and the service is not registered. */
  | { readonly do: "refuse"; readonly owner: Owner }
  /** It gets another port. */
  | { readonly do: "assign"; readonly owner: Owner }
  /** It was given another port, and is told again. */
  | { readonly do: "remind"; readonly record: PortRecord }
  /** It does not want another port, and this one is not its own. */
  | { readonly do: "pin"; readonly owner: Owner };

/** A service that registers again what it has is left alone, unless it was told before that the port is another's. */
export function decide(situation: Situation): Verdict {
  const { owner, record, port, keepsPort } = situation;
  if (owner === undefined || (keepsPort && !isOpenAt(record, port))) return settle(situation);
  switch (situation.policy) {
    case "warn":
      return { do: "mark", owner };
    case "reject":
      return { do: "refuse", owner };
    case "reassign":
      return reassign(situation, owner);
  }
}

function reassign({ record, port, ignoresStored }: Situation, owner: Owner): Verdict {
  const isOpen = isOpenAt(record, port);
  if (ignoresStored || (isOpen && record?.state === "pinned")) return { do: "pin", owner };
  if (isOpen && record?.state === "pending") return { do: "remind", record };
  return { do: "assign", owner };
}

function settle({ record, port, ignoresStored }: Situation): Verdict {
  if (record === undefined) return { do: "nothing" };
  if (record.newPort === port) return record.state === "active" ? { do: "nothing" } : { do: "settle", state: "active" };
  if (record.state === "released") return { do: "nothing" };
  if (!isOpenAt(record, port)) return { do: "settle", state: "released" };
  if (record.state === "pinned") return { do: "nothing" };
  return { do: "settle", state: record.state === "pending" && ignoresStored ? "pinned" : "released" };
}

/** Whether it was noted that the service has no right to this port, and nothing has changed that. */
export function isOpenAt(record: PortRecord | undefined, port: number): boolean {
  return record?.oldPort === port && record.state !== "active" && record.state !== "released";
}
