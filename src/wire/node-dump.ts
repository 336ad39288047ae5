import type { CheckRow } from "../model/check.ts";
import type { NodeRow } from "../model/node.ts";
import type { ServiceRow } from "../model/service.ts";
import { encodeCheck } from "./check.ts";
import { goMap } from "./go-json.ts";
import { RowList } from "./json-parts.ts";
import { encodeNodeService } from "./service.ts";

interface NodeDump {
  readonly node: NodeRow;
  readonly services: Iterable<ServiceRow>;
  readonly checks: Iterable<CheckRow>;
}

/** Encodes a node with its services and checks. Consul: in this response an empty list of tags is null. */
export function encodeNodeDump({ node, services, checks }: NodeDump, outputOf: (check: CheckRow) => string): object {
  return {
    ID: node.id,
    Node: node.name,
    Address: node.address,
    TaggedAddresses: node.taggedAddresses && goMap(node.taggedAddresses),
    Meta: node.meta && goMap(node.meta),
    Services: RowList.of(services, (service) => ({
      ...encodeNodeService(service),
      Tags: nullIfEmpty(service.tags),
    })),
    Checks: RowList.of(checks, (check) => ({
      ...encodeCheck(check, outputOf(check)),
      ServiceTags: nullIfEmpty(check.serviceTags),
    })),
  };
}

interface ServiceSummary {
  readonly name: string;
  readonly kind: string;
  readonly proxyFor: readonly string[];
  readonly tags: readonly string[];
  readonly nodes: readonly string[];
  readonly instances: number;
  readonly passing: number;
  readonly warning: number;
  readonly critical: number;
}

export function encodeServiceSummary(summary: ServiceSummary): object {
  return {
    Kind: summary.kind === "" ? undefined : summary.kind,
    Name: summary.name,
    Tags: nullIfEmpty(summary.tags),
    Nodes: summary.nodes,
    InstanceCount: summary.instances,
    ProxyFor: nullIfEmpty(summary.proxyFor) ?? undefined,
    ChecksPassing: summary.passing,
    ChecksWarning: summary.warning,
    ChecksCritical: summary.critical,
    ExternalSources: null,
    GatewayConfig: {},
  };
}

function nullIfEmpty<T>(list: readonly T[]): readonly T[] | null {
  return list.length === 0 ? null : list;
}
