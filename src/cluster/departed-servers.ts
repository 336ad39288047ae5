import { isServer, nodeIdOf } from "../model/member.ts";
import { listMembers } from "../registry/member.ts";
import type { Registry } from "../registry/registry.ts";
import { topics } from "../state/topics.ts";
import { addressOf } from "./members.ts";
import type { ServerLinks } from "./server-links.ts";

/**
 * Lets the links forget each server that leaves or is deleted from the members, and learn of a member that they do not know.
 *
 * A departure is taken up once: a server that joins again has links before the leader has made it a member that is alive.
 */
export function followDepartures(store: Registry, links: Pick<ServerLinks, "forget" | "known" | "learn">): void {
  /** By id: whether the server had left when the members were last read. */
  let before = new Map<string, boolean>();
  store.follow((touched) => {
    if (!touched.has(topics.members) && !touched.has(topics.everything)) return;
    const servers = listMembers(store).filter(isServer);
    const now = new Map(servers.map((row) => [nodeIdOf(row), row.status === "left"]));
    for (const [id, hasLeft] of before) if (!hasLeft && !now.has(id)) links.forget(id);
    for (const [id, hasLeft] of now) if (hasLeft && before.get(id) !== true) links.forget(id);
    before = now;
    const known = new Set(links.known.map(({ id }) => id));
    links.learn(servers.filter((row) => row.status === "alive" && !known.has(nodeIdOf(row))).map(addressOf));
  });
}
