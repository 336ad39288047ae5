import type { JoinRequest } from "../../src/cluster/join-call.ts";

/** Returns the head of a client agent's call "join". Its node id has the agent's number in each group. */
export function joinOf(number: number, changes: Partial<JoinRequest> = {}): JoinRequest {
  return {
    name: `n${number}`,
    id: nodeIdNumbered(number),
    address: `10.0.0.${number}`,
    datacenter: "dc1",
    build: "1.8.7",
    role: "client",
    serfPort: 8301,
    meta: {},
    taggedAddresses: {},
    ...changes,
  };
}

export function nodeIdNumbered(number: number): string {
  const digit = String(number % 10);
  return [8, 4, 4, 4, 12].map((digits) => digit.repeat(digits)).join("-");
}
