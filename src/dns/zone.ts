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
import type { Found, ZoneQuestion } from "./found.ts";
import type { ZoneRead } from "./zone-read.ts";
import { readLookup, readReverse, type Lookup, type ServiceLookup } from "./lookup.ts";
import { rcodes, types, type Query, type Rcode, type Reply, type ResourceRecord } from "./message.ts";
import { endsWith, within, type Name } from "./name.ts";
import { nodeName, nodeRecords } from "./node-records.ts";
import { serviceRecords } from "./service-records.ts";
import { nodeTtlS, serviceTtlS, type ZoneSettings } from "./settings.ts";

/** Consul: an alias leads to names of ours that often, lest two that name each other go on for ever. */
const aliasesMax = 3;
const aliasRecordsMax = 5;

export interface ZoneParts {
  readonly queries: Pick<PreparedQueries, "execute">;
  readonly clock: Clock;
  readonly random: Random;
}

/** The names of the registry, as records. Knows no packets and no sockets. */
export class Zone {
  readonly #settings: ZoneSettings;
  readonly #parts: ZoneParts;

  constructor(settings: ZoneSettings, parts: ZoneParts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  /** Our domain that the name ends in. */
  domainOf(name: Name): Name | undefined {
    return this.#settings.domains.find((domain) => endsWith(name, domain));
  }

  /** To a question below one of our domains. */
  answer(query: Query, read: ZoneRead, domain: Name): Reply {
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
    return this.#nothing(found ? rcodes.success : rcodes.nameError, domain, found);
  }

  /** To a question for the name of an address, when a node or a service has it. */
  answerReverse({ question }: Query, read: ZoneRead): Reply | undefined {
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

  /** There is no such name. */
  noSuchName(): Reply {
    return this.#nothing(rcodes.nameError, this.#domain);
  }

  get #domain(): Name {
    return this.#settings.domains[0] ?? [];
  }

  #ask({ question, edns }: Pick<Query, "question" | "edns">, read: ZoneRead, domain: Name): ZoneQuestion {
    return {
      ...question,
      domain,
      aliasRecordsMax: edns ? Infinity : aliasRecordsMax,
      settings: this.#settings,
      read,
      shuffled: (rows) => {
        read.orders = Math.max(read.orders, rows.length);
        return shuffle(rows, this.#parts.random);
      },
      follow: () => [],
    };
  }

  #find(question: ZoneQuestion, aliasesLeft: number): Found | undefined {
    const follow = (alias: Name): readonly ResourceRecord[] => this.#follow(alias, question, aliasesLeft);
    const labels = question.name.slice(0, question.name.length - question.domain.length);
    return this.#lookUp(readLookup(labels, question.type), { ...question, follow });
  }

  #follow(name: Name, { read, ...question }: ZoneQuestion, aliasesLeft: number): readonly ResourceRecord[] {
    const domain = this.domainOf(name);
    if (!domain) return read.foreign(name);
    if (aliasesLeft === 0) return [];
    const next = { ...question, read, name, domain, type: types.ANY };
    return this.#find(next, aliasesLeft - 1)?.answers ?? [];
  }

  #lookUp(lookup: Lookup, question: ZoneQuestion): Found | undefined {
    switch (lookup.kind) {
      case "node":
        return this.#isHere(lookup) ? nodeRecords(lookup.node, question) : undefined;
      case "service":
        return this.#isHere(lookup) ? this.#service(lookup, question) : undefined;
      case "address":
        return this.#address(lookup.address, question);
      case "query":
        return this.#isHere(lookup) ? this.#query(lookup.query, question) : undefined;
      case "unknown":
        return undefined;
    }
  }

  /** Consul: there is nothing in a datacenter that nobody knows. */
  #isHere({ datacenter }: { readonly datacenter: string }): boolean {
    return datacenter === "" || datacenter === this.#settings.datacenter;
  }

  #service({ service, tag, connect }: ServiceLookup, question: ZoneQuestion): Found | undefined {
    const filter = { tags: tag === "" ? [] : [tag], meta: {}, passingOnly: this.#settings.onlyPassing };
    const find = connect ? connectHealth : serviceHealth;
    const usable = question.read.read(find(service, filter)).filter(isUsable);
    if (usable.length === 0) return undefined;
    return serviceRecords(question.shuffled(usable), question, serviceTtlS(this.#settings, service));
  }

  /**
   * In the order that the query has for this client.
   * @throws OperatingError invalid when the query cannot be asked by this name
   */
  #query(name: string, question: ZoneQuestion): Found | undefined {
    const { queries } = this.#parts;
    const wishes = { limit: 0, near: "", clientAddress: question.read.client, connect: false };
    const answer = question.read.peek({ topics: [], read: () => queries.execute(name, wishes) });
    if (!answer || answer.instances.length === 0) return undefined;
    const { service, instances, dnsTtl } = answer;
    const ttlS = dnsTtl === "" ? serviceTtlS(this.#settings, service) : Math.floor(parseDuration(dnsTtl) / 1_000);
    return { ...serviceRecords(instances, question, ttlS), isForClient: true };
  }

  /** Consul: an address of the other family comes along as additional record. */
  #address(address: string, { name, type }: ZoneQuestion): Found {
    const data = addressData(address, types.ANY);
    const records = data ? [{ name, ttlS: nodeTtlS(this.#settings), data }] : [];
    const isAsked = type === types.ANY || (data && types[data.type] === type);
    return isAsked ? { answers: records, additional: [] } : { answers: [], additional: records };
  }

  #nameOfAddress(address: string, read: ZoneRead): Name | undefined {
    const node = read.peek(nodes({})).find((each) => isSameAddress(each.address, address));
    if (node) return nodeName(node, this.#domain);
    const service = read.peek(allInstances()).find((each) => isSameAddress(each.address, address));
    return service && within(this.#domain, `${service.name}.service.${this.#settings.datacenter}`);
  }

  #nothing(rcode: Rcode, domain: Name, found?: Found): Reply {
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
