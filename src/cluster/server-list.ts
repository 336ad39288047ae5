import type { Registry } from "../registry/registry.ts";
import { topics } from "../state/topics.ts";
import type { JoinAnswer } from "./join-call.ts";
import type { LinkedAgents } from "./linked-agents.ts";
import type { Members } from "./members.ts";

interface ServerListParts {
  readonly members: Pick<Members, "servers">;
  readonly linked: Pick<LinkedAgents, "all">;
}

/** Tells the client agents that are linked with this server the servers to which they can connect, after each change. */
export function pushServers(store: Pick<Registry, "follow">, { members, linked }: ServerListParts): void {
  let pushed = JSON.stringify(members.servers);
  store.follow((touched) => {
    if (!touched.has(topics.members) && !touched.has(topics.everything)) return;
    const { servers } = members;
    if (JSON.stringify(servers) === pushed) return;
    pushed = JSON.stringify(servers);
    for (const { role, link } of linked.all)
      // An agent whose link is lost gets the servers in the answer to its next join.
      if (role === "client") link.call({ kind: "servers", head: { servers } satisfies JoinAnswer }).catch(() => {});
  });
}
