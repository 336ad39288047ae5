import type { ClusterView } from "../../registry/cluster-view.ts";
import { json } from "../answers.ts";
import type { DatacenterEndpoint } from "../route.ts";

export interface StatusParts {
  readonly cluster: Pick<ClusterView, "leader" | "knownPeers">;
}

/** Answers with the leader's address. Consul: an empty text if there is no leader, and every server answers by itself. */
export function getLeader({ cluster }: StatusParts): DatacenterEndpoint {
  return (request) => () => json(request, cluster.leader?.address ?? "");
}

/** Lists the servers' addresses. Consul: they are also listed while there is no leader. */
export function listPeers({ cluster }: StatusParts): DatacenterEndpoint {
  return (request) => () =>
    json(
      request,
      cluster.knownPeers.map(({ address }) => address),
    );
}
