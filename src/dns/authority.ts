import type { Clock } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import { type CheckedInstance, isUsable, serviceHealth } from "../registry/health.ts";
import type { ZoneAnswer, ZoneQuestion } from "./zone-question.ts";
import type { ZoneRead } from "./zone-read.ts";
import { types, type ResourceRecord } from "./message.ts";
import { parseName, type Name } from "./name.ts";
import { nodeName, recordsOfNode } from "./node-records.ts";
import { nodeTtlS, type ZoneSettings } from "./settings.ts";

/** The name of the service whose instances are Consul's servers. */
const serverService = "consul";
const nameServersMax = 3;

/** Returns the domain's SOA record; resolvers cache a negative answer for its `minTtl`: RFC 2308. */
export function soaRecord(domain: Name, { soa }: Pick<ZoneSettings, "soa">, clock: Clock): ResourceRecord {
  return {
    name: domain,
    ttlS: soa.minTtl,
    data: {
      type: "SOA",
      server: ["ns", ...domain],
      mailbox: ["hostmaster", ...domain],
      // Consul: the serial is the current time.
      serial: Math.floor(clock.wallMs() / 1_000),
      ...soa,
    },
  };
}

/** Returns an NS record for each server, up to three, with the server's addresses as additional records. */
export function nameServers(question: ZoneQuestion): ZoneAnswer {
  const { domain, read, settings, shuffled } = question;
  const answers: ResourceRecord[] = [];
  const additional: ResourceRecord[] = [];
  for (const server of shuffled(visibleServers(read))) {
    const { node } = server;
    const target = lowerCase(nodeName(node, domain));
    if (!target || answers.length === nameServersMax || !isUsable(server)) continue;
    answers.push({ name: domain, ttlS: nodeTtlS(settings), data: { type: "NS", target } });
    additional.push(...recordsOfNode(node, target, { ...question, type: types.ANY }));
  }
  return { answers, additional };
}

/** Returns the servers that the client may see. Consul: with a token that does not exist, the domain has its SOA, and no servers. */
function visibleServers(read: ZoneRead): readonly CheckedInstance[] {
  try {
    return read.read(serviceHealth(serverService, { tags: [], meta: {}, passingOnly: false }));
  } catch (error) {
    if (error instanceof OperatingError && error.kind === "forbidden") return [];
    throw error;
  }
}

function lowerCase(name: Name | undefined): Name | undefined {
  return name && parseName(name.join(".").toLowerCase());
}
