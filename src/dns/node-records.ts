import { ipVersion } from "../lib/ip-version.ts";
import type { NodeRow } from "../model/node.ts";
import { node as nodeNamed } from "../registry/catalog.ts";
import { addressData, nodeAddress } from "./addresses.ts";
import type { ZoneAnswer, ZoneQuestion } from "./zone-question.ts";
import { types, type ResourceRecord } from "./message.ts";
import { parseName, nameIn, type Name } from "./name.ts";
import { nodeTtlS } from "./settings.ts";

const nodeTypes: ReadonlySet<number> = new Set([types.ANY, types.A, types.AAAA, types.TXT]);

/** Returns the records of a node; undefined if the node is unknown. */
export function nodeRecords(name: string, question: ZoneQuestion): ZoneAnswer | undefined {
  const { read, settings, type } = question;
  const node = read.read(nodeNamed(name));
  if (!node) return undefined;
  if (!nodeTypes.has(type)) return { answers: [], additional: [] };
  const addresses = type === types.TXT ? [] : recordsOfNode(node, question.name, question);
  const isMetaAsked = type === types.TXT || type === types.ANY;
  const meta = isMetaAsked || settings.nodeMetaTxt ? metaRecords(node, question.name, nodeTtlS(settings)) : [];
  return isMetaAsked ? { answers: [...addresses, ...meta], additional: [] } : { answers: addresses, additional: meta };
}

/** Returns the node's address record; for a node whose address is a host name, the CNAME record and its target's records. */
export function recordsOfNode(node: NodeRow, name: Name, question: ZoneQuestion): readonly ResourceRecord[] {
  const ttlS = nodeTtlS(question.settings);
  const address = nodeAddress(node, question.type);
  if (ipVersion(address) === 0) {
    const target = parseName(node.address);
    return target ? [{ name, ttlS, data: { type: "CNAME", target } }, ...question.follow(target)] : [];
  }
  const data = addressData(address, question.type);
  return data ? [{ name, ttlS, data }] : [];
}

/**
 * Returns a TXT record "key=value" for each pair, escaped by RFC 1464. Consul: the record of a key with prefix "rfc1035-" has the
 * value alone.
 */
export function metaRecords({ meta }: NodeRow, name: Name, ttlS: number): readonly ResourceRecord[] {
  return Object.entries(meta ?? {}).map(([key, value]) => {
    const text = key.toLowerCase().startsWith("rfc1035-") ? value : `${escapedKey(key)}=${value.replaceAll("`", "``")}`;
    return { name, ttlS, data: { type: "TXT", text } };
  });
}

/** Escapes a key by RFC 1464, section 2: a grave accent precedes a grave accent, "=" and blanks at either end. */
function escapedKey(key: string): string {
  return key.replace(/[`=]/g, "`$&").replace(/^ +| +$/g, (blanks) => "` ".repeat(blanks.length));
}

/** Returns the node's domain name, as "node1.node.dc1.consul"; undefined if the node's name is not valid in DNS. */
export function nodeName({ name, datacenter }: NodeRow, domain: Name): Name | undefined {
  return nameIn(domain, `${name}.node.${datacenter}`);
}
