import { ipVersion } from "../lib/ip-version.ts";
import { parseIp } from "../lib/ip-address.ts";
import { worstStatus } from "../model/check.ts";
import type { CheckedInstance } from "../registry/health.ts";
import { addressData, nodeAddress, serviceAddress } from "./addresses.ts";
import type { ZoneAnswer, ZoneQuestion } from "./zone-question.ts";
import { types, type ResourceRecord, type Srv } from "./message.ts";
import { parseName, nameIn, type Name } from "./name.ts";
import { metaRecords, nodeName } from "./node-records.ts";

/** The target of an instance's SRV record: a name with an address, or a host name that the instance is registered with. */
interface InstanceTarget {
  readonly name: Name;
  /** The records that resolve the name to an address. */
  readonly records: readonly ResourceRecord[];
  /** Whether the name is a host name that is registered as an address. */
  readonly isAlias: boolean;
}

/** Returns the records of the instances, in their order; instances with the same address give one record. */
export function serviceRecords(
  instances: readonly CheckedInstance[],
  question: ZoneQuestion,
  ttlS: number,
): ZoneAnswer {
  return question.type === types.SRV
    ? srvRecords(instances, question, ttlS)
    : addressRecords(instances, question, ttlS);
}

function srvRecords(instances: readonly CheckedInstance[], question: ZoneQuestion, ttlS: number): ZoneAnswer {
  const { domain, name, settings } = question;
  const answers: ResourceRecord[] = [];
  const additional: ResourceRecord[] = [];
  const seen = new Set<string>();
  for (const instance of instances) {
    const { node, service } = instance;
    const key = `${node.name}:${serviceAddress(service, question.type)}:${service.port}`;
    const target = seen.has(key) ? undefined : targetOf(instance, question, ttlS);
    if (!target) continue;
    seen.add(key);
    answers.push({ name, ttlS, data: srv(instance, target.name) });
    additional.push(...target.records);
    const host = settings.nodeMetaTxt ? nodeName(node, domain) : undefined;
    if (host) additional.push(...metaRecords(node, host, ttlS));
  }
  return { answers, additional, canBePartial: true };
}

/** Returns address records or, if no instance has an IP address, one CNAME record. Consul: a name has at most one alias. */
function addressRecords(instances: readonly CheckedInstance[], question: ZoneQuestion, ttlS: number): ZoneAnswer {
  const { name } = question;
  const answers: ResourceRecord[] = [];
  let alias: readonly ResourceRecord[] | undefined;
  const seen = new Set<string>();
  for (const instance of instances) {
    const target = targetOf(instance, question, ttlS);
    if (!target) continue;
    if (target.isAlias) {
      alias ??= [{ name, ttlS, data: { type: "CNAME", target: target.name } }, ...target.records];
      continue;
    }
    for (const { data } of target.records) {
      const key = data.type === "A" || data.type === "AAAA" ? data.address : "";
      if (!seen.has(key)) answers.push({ name, ttlS, data });
      seen.add(key);
    }
    if (answers.length === question.settings.aRecordsMax) break;
  }
  return { answers: answers.length > 0 ? answers : (alias ?? []), additional: [], canBePartial: true };
}

function targetOf(
  { node, service }: CheckedInstance,
  question: ZoneQuestion,
  ttlS: number,
): InstanceTarget | undefined {
  const { domain, type } = question;
  const own = serviceAddress(service, type);
  const host = nodeAddress(node, type);
  const atNode = (): InstanceTarget | undefined => addressTarget(nodeName(node, domain), host, { type, ttlS });
  const atAddress = (address: string): InstanceTarget | undefined =>
    addressTarget(addressName(address, node.datacenter, domain), address, { type, ttlS });
  if (own === "" && host === "") return undefined;
  if (own === "" && ipVersion(host) === 0) return aliasTarget(host, question, ttlS);
  // Consul: the node's name resolves to its main address; a tagged address needs a name of its own.
  if (own === "") return host === node.address ? atNode() : atAddress(host);
  if (ipVersion(own) !== 0) return atAddress(own);
  // Consul: a service whose address is the question's own name is reached at its node.
  if (isSameName(own, question.name) && ipVersion(host) !== 0) return atNode();
  return aliasTarget(own, question, ttlS);
}

function addressTarget(
  target: Name | undefined,
  address: string,
  { type, ttlS }: { readonly type: number; readonly ttlS: number },
): InstanceTarget | undefined {
  const data = addressData(address, type);
  return target && data && { name: target, records: [{ name: target, ttlS, data }], isAlias: false };
}

function aliasTarget(host: string, question: ZoneQuestion, ttlS: number): InstanceTarget | undefined {
  const target = parseName(host);
  if (!target) return undefined;
  const records = question
    .follow(target)
    .filter(({ data }) => data.type === "CNAME" || data.type === "A" || data.type === "AAAA")
    .slice(0, question.aliasRecordsMax)
    .map((record) => ({ ...record, ttlS }));
  return { name: target, records, isAlias: true };
}

function isSameName(text: string, name: Name): boolean {
  return parseName(text)?.join(".") === name.join(".");
}

/** Returns the name that encodes an IP address: "0a000001.addr.dc1.consul" for 10.0.0.1. */
function addressName(address: string, datacenter: string, domain: Name): Name | undefined {
  const ip = parseIp(address);
  const hex = ip?.value.toString(16).padStart(ip.family === 4 ? 8 : 32, "0");
  return nameIn(domain, `${hex}.addr.${datacenter}`);
}

function srv({ service, checks }: CheckedInstance, target: Name): Srv {
  const { passing, warning } = service.weights;
  const weight = worstStatus(checks.map((check) => check.status)) === "passing" ? passing : warning;
  return { type: "SRV", priority: 1, weight, port: service.port, target };
}
