import type { LeaderContact } from "../registry/cluster-view.ts";
import type { Consistency } from "../registry/registry.ts";
import type { HttpRequest } from "./http-request.ts";

/*
 * The facts about the leader in the answer to a read. They never change on a server that stands alone, so its kept answers
 * contain them. On a server of a cluster they are added when the answer is sent.
 */

/** The headers of an answer that is as new as the leader's. */
export const currentHeaders = { "X-Consul-Knownleader": "true", "X-Consul-Lastcontact": "0" } as const;

const effectiveHeader = "X-Consul-Effective-Consistency";

/** Adds the headers to a response of a server of a cluster, and returns it. @param consistency that of the read */
export function addContact(response: Response, cluster: LeaderContact, consistency: Consistency): Response {
  const { headers } = response;
  // It can differ from the one that the client asked for: see `consistencyOf`.
  if (headers.has(effectiveHeader)) headers.set(effectiveHeader, consistency);
  const { knowsLeader, lastContactMs } = contactOf(cluster, consistency);
  headers.set("X-Consul-Knownleader", String(knowsLeader));
  headers.set("X-Consul-Lastcontact", String(Math.floor(lastContactMs)));
  return response;
}

/** Returns the same facts as fields of a body. Consul: there the time is in nanoseconds. */
export function contactFields(
  cluster: LeaderContact,
  consistency: Consistency,
): { readonly LastContact: number; readonly KnownLeader: boolean } {
  const { knowsLeader, lastContactMs } = contactOf(cluster, consistency);
  return { LastContact: Math.round(lastContactMs * 1e6), KnownLeader: knowsLeader };
}

function contactOf(
  { isAlone, leader, lastContactMs }: LeaderContact,
  consistency: Consistency,
): { readonly knowsLeader: boolean; readonly lastContactMs: number } {
  // A read that is not stale has been found to be as new as the leader's state.
  if (isAlone || consistency !== "stale") return { knowsLeader: true, lastContactMs: 0 };
  // Consul: a server that has never heard from a leader says 0.
  return { knowsLeader: leader !== undefined, lastContactMs: Number.isFinite(lastContactMs) ? lastContactMs : 0 };
}

/**
 * Returns the consistency of a read of the catalog or of health. Consul: a read with `max_stale` is stale unless this server has
 * not heard from the leader for longer; other reads ignore the time and are stale.
 */
export function consistencyOf({ isAlone, lastContactMs }: LeaderContact, request: HttpRequest): Consistency {
  const { consistency, maxStaleMs } = request.queryOptions();
  if (isAlone || consistency !== "stale" || maxStaleMs === undefined) return consistency;
  return lastContactMs > maxStaleMs ? "leader" : "stale";
}
