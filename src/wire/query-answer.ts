import type { CheckRow } from "../model/check.ts";
import type { NodeRow } from "../model/node.ts";
import type { ServiceRow } from "../model/service.ts";
import { encodeCheck } from "./check.ts";
import { encodeNode } from "./node.ts";
import { encodeDns } from "./prepared-query.ts";
import { encodeNodeService } from "./service.ts";

/** The result of a prepared query. */
export interface FoundInstances {
  readonly service: string;
  readonly instances: readonly {
    readonly node: NodeRow;
    readonly service: ServiceRow;
    readonly checks: readonly CheckRow[];
  }[];
  readonly dnsTtl: string;
  readonly datacenter: string;
  readonly failovers: number;
}

/** Encodes the response of query/<name>/execute. Consul: an empty list of tags is null, while health/service shows []. */
export function encodeQueryAnswer(found: FoundInstances, outputOf: (check: CheckRow) => string): object {
  return {
    Service: found.service,
    Nodes: found.instances.map(({ node, service, checks }) => ({
      Node: encodeNode(node),
      Service: { ...encodeNodeService(service), Tags: nullIfEmpty(service.tags) },
      Checks: checks.map((check) => ({
        ...encodeCheck(check, outputOf(check)),
        ServiceTags: nullIfEmpty(check.serviceTags),
      })),
    })),
    DNS: encodeDns(found.dnsTtl),
    Datacenter: found.datacenter,
    Failovers: found.failovers,
  };
}

function nullIfEmpty(list: readonly string[]): readonly string[] | null {
  return list.length === 0 ? null : list;
}
