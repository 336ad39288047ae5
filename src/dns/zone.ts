import type { Clock } from "../lib/clock.ts";
import { parseDuration } from "../lib/duration.ts";
import { formatIp, parseIp } from "../lib/ip-address.ts";
import { shuffle } from "../lib/shuffle.ts";
import type { Random } from "../lib/random.ts";
import { allInstances, nodes } from "../registry/catalog.ts";
import { connectHealth, isUsable, serviceHealth } from "../registry/health.ts";
import type { PreparedQueries } from "../registry/prepared-query-execution.ts";
import { addressData } from "./addresses.ts";
import { nameServers, soaRecord } from "./authority.ts";
import type { ZoneAnswer, ZoneQuestion } from "./zone-question.ts";
import type { ZoneRead } from "./zone-read.ts";
import { readLookup, readReverse, type Lookup, type ServiceLookup } from "./lookup.ts";
import { rcodes, types, type DnsQuery, type Rcode, type Reply, type ResourceRecord } from "./message.ts";
import { endsWith, nameIn, type Name } from "./name.ts";
import { nodeName, nodeRecords } from "./node-records.ts";
import { serviceRecords } from "./service-records.ts";
import { nodeTtlS, serviceTtlS, type ZoneSettings } from "./settings.ts";

/** Consul: maximum number of aliases that are followed within the domains, so that a cycle ends. */
const aliasesMax = 3;
const aliasRecordsMax = 5;

export interface ZoneParts {
  readonly queries: Pick<PreparedQueries, "execute">;
  readonly clock: Clock;
  readonly random: Random;
}

/** Answers DNS questions from the registry. It neither encodes packets nor uses sockets. */
export class Zone {
  readonly #settings: ZoneSettings;
  readonly #parts: ZoneParts;

  constructor(settings: ZoneSettings, parts: ZoneParts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  /** Returns the configured domain that the name ends in. */
  domainOf(name: Name): Name | undefined {
    return this.#settings.domains.find((domain) => endsWith(name, domain));
  }

  /** Answers a question below one of the configured domains. */
  answer(query: DnsQuery, read: ZoneRead, domain: Name): Reply {
    const question = this.#ask(query, read, domain);
    switch (question.type) {
      case types.SOA: {
        const { answers: authority, additional } = nameServers(question);
        return { ...success, answers: [this.#soa(domain)], authority, additional };
      }
      case types.NS:
        return { ...success, ...nameServers(question) };
      case types.AXFR:
        return { ...success, rcode: rcodes.notImplemented };
    }
    const found = this.#find(question, aliasesMax);
    if (found?.answers.length) return { ...success, ...found };
    return this.#noAnswer(found ? rcodes.success : rcodes.nameError, domain, found);
  }

  /** Answers a PTR query; undefined if no node or service has the address. */
  answerReverse({ question }: DnsQuery, read: ZoneRead): Reply | undefined {
    const address = readReverse(question.name);
    const target = address === undefined ? undefined : this.#nameOfAddress(address, read);
    const authority = question.type === types.SOA ? [this.#soa(this.#domain)] : [];
    return (
      target && {
        ...success,
        answers: [{ name: question.name, ttlS: 0, data: { type: "PTR", target } }],
        authority,
      }
    );
  }

  /** Returns the reply that the name does not exist. */
  noSuchName(): Reply {
    return this.#noAnswer(rcodes.nameError, this.#domain);
  }

  get #domain(): Name {
    return this.#settings.domains[0] ?? [];
  }

  #ask({ question, edns }: Pick<DnsQuery, "question" | "edns">, read: ZoneRead, domain: Name): ZoneQuestion {
    return {
      ...question,
      domain,
      aliasRecordsMax: edns ? Infinity : aliasRecordsMax,
      settings: this.#settings,
      read,
      shuffled: (rows) => {
        read.orderCount = Math.max(read.orderCount, rows.length);
        return shuffle(rows, this.#parts.random);
      },
      follow: () => [],
    };
  }

  #find(question: ZoneQuestion, aliasesLeft: number): ZoneAnswer | undefined {
    const follow = (alias: Name): readonly ResourceRecord[] => this.#follow(alias, question, aliasesLeft);
    const labels = question.name.slice(0, question.name.length - question.domain.length);
    return this.#lookUp(readLookup(labels, question.type), { ...question, follow });
  }

  #follow(name: Name, { read, ...question }: ZoneQuestion, aliasesLeft: number): readonly ResourceRecord[] {
    const domain = this.domainOf(name);
    if (!domain) return read.externalRecords(name);
    if (aliasesLeft === 0) return [];
    const next = { ...question, read, name, domain, type: types.ANY };
    return this.#find(next, aliasesLeft - 1)?.answers ?? [];
  }

  #lookUp(lookup: Lookup, question: ZoneQuestion): ZoneAnswer | undefined {
    switch (lookup.kind) {
      case "node":
        return this.#isLocalDatacenter(lookup) ? nodeRecords(lookup.node, question) : undefined;
      case "service":
        return this.#isLocalDatacenter(lookup) ? this.#service(lookup, question) : undefined;
      case "address":
        return this.#address(lookup.address, question);
      case "query":
        return this.#isLocalDatacenter(lookup) ? this.#query(lookup.query, question) : undefined;
      case "unknown":
        return undefined;
    }
  }

  /** Returns whether the lookup is for this datacenter. Consul: a name in an unknown datacenter does not exist. */
  #isLocalDatacenter({ datacenter }: { readonly datacenter: string }): boolean {
    return datacenter === "" || datacenter === this.#settings.datacenter;
  }

  #service({ service, tag, connect }: ServiceLookup, question: ZoneQuestion): ZoneAnswer | undefined {
    const filter = { tags: tag === "" ? [] : [tag], meta: {}, passingOnly: this.#settings.onlyPassing };
    const find = connect ? connectHealth : serviceHealth;
    const usable = question.read.read(find(service, filter)).filter(isUsable);
    if (usable.length === 0) return undefined;
    return serviceRecords(question.shuffled(usable), question, serviceTtlS(this.#settings, service));
  }

  /**
   * Executes a prepared query for this client, and returns the records of the found instances in the order of the result;
   * undefined if no instance is found.
   * @throws OperatingError invalid if the name is the id of a template, or matches a template that cannot be rendered for it
   */
  #query(name: string, question: ZoneQuestion): ZoneAnswer | undefined {
    const { queries } = this.#parts;
    const { client, registry } = question.read;
    const { address: clientAddress, agentNode } = client;
    const options = { limit: 0, near: "", clientAddress, agentNode, connect: false, registry };
    question.read.doNotCache();
    // Not read as the client: a query that has a token of its own is answered with that one, whichever the client's is.
    const answer = queries.execute(name, options);
    if (!answer || answer.instances.length === 0) return undefined;
    const { service, instances, dnsTtl } = answer;
    const ttlS = dnsTtl === "" ? serviceTtlS(this.#settings, service) : Math.floor(parseDuration(dnsTtl) / 1_000);
    return { ...serviceRecords(instances, question, ttlS), isClientSpecific: true };
  }

  /**
   * Returns the answer for a name that encodes an address. Consul: if the question asks for the other address family, the address
   * is an additional record and not an answer.
   */
  #address(address: string, { name, type }: ZoneQuestion): ZoneAnswer {
    const data = addressData(address, types.ANY);
    const records = data ? [{ name, ttlS: nodeTtlS(this.#settings), data }] : [];
    const isAsked = type === types.ANY || (data && types[data.type] === type);
    return isAsked ? { answers: records, additional: [] } : { answers: [], additional: records };
  }

  #nameOfAddress(address: string, read: ZoneRead): Name | undefined {
    const node = read.readUncached(nodes({})).find((each) => isSameAddress(each.address, address));
    if (node) return nodeName(node, this.#domain);
    const service = read.readUncached(allInstances()).find((each) => isSameAddress(each.address, address));
    return service && nameIn(this.#domain, `${service.name}.service.${this.#settings.datacenter}`);
  }

  #noAnswer(rcode: Rcode, domain: Name, found?: ZoneAnswer): Reply {
    return { ...success, rcode, authority: [this.#soa(domain)], additional: found?.additional ?? [] };
  }

  #soa(domain: Name): ResourceRecord {
    return soaRecord(domain, this.#settings, this.#parts.clock);
  }
}

const success: Reply = { rcode: rcodes.success, authoritative: true, answers: [], authority: [], additional: [] };

function isSameAddress(text: string, address: string): boolean {
  if (text === address) return true;
  const ip = parseIp(text);
  return ip !== undefined && formatIp(ip) === address;
}
