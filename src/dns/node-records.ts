import { ipVersion } from "../lib/ip-version.ts";
import type { NodeRow } from "../model/node.ts";
import { node as nodeNamed } from "../registry/catalog.ts";
import { addressData, nodeAddress } from "./addresses.ts";
import type { Found, ZoneQuestion } from "./found.ts";
import { types, type ResourceRecord } from "./message.ts";
import { parseName, within, type Name } from "./name.ts";
import { nodeTtlS } from "./settings.ts";

const nodeTypes: ReadonlySet<number> = new Set([types.ANY, types.A, types.AAAA, types.TXT]);

/** undefined when there is no such node. */
export function nodeRecords(name: string, question: ZoneQuestion): Found | undefined {
  const { read, settings, type } = question;
  const node = read.read(nodeNamed(name));
  if (!node) return undefined;
  if (!nodeTypes.has(type)) return { answers: [], additional: [] };
  const addresses = type === types.TXT ? [] : recordsOfNode(node, question.name, question);
  const isMetaAsked = type === types.TXT || type === types.ANY;
  const meta = isMetaAsked || settings.nodeMetaTxt ? metaRecords(node, question.name, nodeTtlS(settings)) : [];
  return isMetaAsked ? { answers: [...addresses, ...meta], additional: [] } : { answers: addresses, additional: meta };
}

/** The node's address, or the alias that it is registered with and where that leads. */
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

/** Each pair as "key=value" with RFC 1464's escapes; Consul: what has a key that begins with "rfc1035-" as it is. */
export function metaRecords({ meta }: NodeRow, name: Name, ttlS: number): readonly ResourceRecord[] {
  return Object.entries(meta ?? {}).map(([key, value]) => {
    const text = key.toLowerCase().startsWith("rfc1035-") ? value : `${escapedKey(key)}=${value.replaceAll("`", "``")}`;
    return { name, ttlS, data: { type: "TXT", text } };
  });
}

/** RFC 1464, section 2: a grave accent before another, before "=" and before blanks at either end. */
function escapedKey(key: string): string {
  return key.replace(/[`=]/g, "`$&").replace(/^ +| +$/g, (blanks) => "` ".repeat(blanks.length));
}

/** "node1.node.dc1.consul"; undefined when the node's name fits into no DNS name. */
export function nodeName({ name, datacenter }: NodeRow, domain: Name): Name | undefined {
  return within(domain, `${name}.node.${datacenter}`);
}
