import { ipVersion } from "../lib/ip-version.ts";
import { parseIp } from "../lib/ip-address.ts";
import { worstStatus } from "../model/check.ts";
import type { CheckedInstance } from "../registry/health.ts";
import { addressData, nodeAddress, serviceAddress } from "./addresses.ts";
import type { Found, ZoneQuestion } from "./found.ts";
import { types, type ResourceRecord, type Srv } from "./message.ts";
import { parseName, within, type Name } from "./name.ts";
import { metaRecords, nodeName } from "./node-records.ts";

/** Where an instance is reached: at an address, which goes by a name in SRV records, or by an alias. */
interface Place {
  readonly target: Name;
  /** What leads from the target to an address. */
  readonly records: readonly ResourceRecord[];
  readonly isAlias: boolean;
}

/** The instances in the order given, each place once. */
export function serviceRecords(instances: readonly CheckedInstance[], question: ZoneQuestion, ttlS: number): Found {
  return question.type === types.SRV
    ? srvRecords(instances, question, ttlS)
    : addressRecords(instances, question, ttlS);
}

function srvRecords(instances: readonly CheckedInstance[], question: ZoneQuestion, ttlS: number): Found {
  const { domain, name, settings } = question;
  const answers: ResourceRecord[] = [];
  const additional: ResourceRecord[] = [];
  const told = new Set<string>();
  for (const instance of instances) {
    const { node, service } = instance;
    const key = `${node.name}:${serviceAddress(service, question.type)}:${service.port}`;
    const place = told.has(key) ? undefined : placeOf(instance, question, ttlS);
    if (!place) continue;
    told.add(key);
    answers.push({ name, ttlS, data: srv(instance, place.target) });
    additional.push(...place.records);
    const host = settings.nodeMetaTxt ? nodeName(node, domain) : undefined;
    if (host) additional.push(...metaRecords(node, host, ttlS));
  }
  return { answers, additional, isChoice: true };
}

/** Consul: an alias is told only when no instance has an address, and then just one, since a name has one alias. */
function addressRecords(instances: readonly CheckedInstance[], question: ZoneQuestion, ttlS: number): Found {
  const { name } = question;
  const answers: ResourceRecord[] = [];
  let alias: readonly ResourceRecord[] | undefined;
  const told = new Set<string>();
  for (const instance of instances) {
    const place = placeOf(instance, question, ttlS);
    if (!place) continue;
    if (place.isAlias) {
      alias ??= [{ name, ttlS, data: { type: "CNAME", target: place.target } }, ...place.records];
      continue;
    }
    for (const { data } of place.records) {
      const key = data.type === "A" || data.type === "AAAA" ? data.address : "";
      if (!told.has(key)) answers.push({ name, ttlS, data });
      told.add(key);
    }
    if (answers.length === question.settings.aRecordsMax) break;
  }
  return { answers: answers.length > 0 ? answers : (alias ?? []), additional: [], isChoice: true };
}

function placeOf({ node, service }: CheckedInstance, question: ZoneQuestion, ttlS: number): Place | undefined {
  const { domain, type } = question;
  const own = serviceAddress(service, type);
  const host = nodeAddress(node, type);
  const atNode = (): Place | undefined => place(nodeName(node, domain), host, { type, ttlS });
  const atAddress = (address: string): Place | undefined =>
    place(addressName(address, node.datacenter, domain), address, { type, ttlS });
  if (own === "" && host === "") return undefined;
  if (own === "" && ipVersion(host) === 0) return aliasPlace(host, question, ttlS);
  // Consul: the node's name leads to its address; where it is told by another, that is named itself.
  if (own === "") return host === node.address ? atNode() : atAddress(host);
  if (ipVersion(own) !== 0) return atAddress(own);
  // Consul: a service whose address is the very name that is asked for is at its node.
  if (isSameName(own, question.name) && ipVersion(host) !== 0) return atNode();
  return aliasPlace(own, question, ttlS);
}

function place(
  target: Name | undefined,
  address: string,
  { type, ttlS }: { readonly type: number; readonly ttlS: number },
): Place | undefined {
  const data = addressData(address, type);
  return target && data && { target, records: [{ name: target, ttlS, data }], isAlias: false };
}

function aliasPlace(host: string, question: ZoneQuestion, ttlS: number): Place | undefined {
  const target = parseName(host);
  if (!target) return undefined;
  const records = question
    .follow(target)
    .filter(({ data }) => data.type === "CNAME" || data.type === "A" || data.type === "AAAA")
    .slice(0, question.aliasRecordsMax)
    .map((record) => ({ ...record, ttlS }));
  return { target, records, isAlias: true };
}

function isSameName(text: string, name: Name): boolean {
  return parseName(text)?.join(".") === name.join(".");
}

/** "0a000001.addr.dc1.consul" */
function addressName(address: string, datacenter: string, domain: Name): Name | undefined {
  const ip = parseIp(address);
  const hex = ip?.value.toString(16).padStart(ip.family === 4 ? 8 : 32, "0");
  return within(domain, `${hex}.addr.${datacenter}`);
}

function srv({ service, checks }: CheckedInstance, target: Name): Srv {
  const { passing, warning } = service.weights;
  const weight = worstStatus(checks.map((check) => check.status)) === "passing" ? passing : warning;
  return { type: "SRV", priority: 1, weight, port: service.port, target };
}
