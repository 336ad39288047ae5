import { Recursors } from "../../src/dns/recursors.ts";
import { type AnsweringSettings, Responder, type ResponderParts } from "../../src/dns/responder.ts";
import type { ZoneSettings } from "../../src/dns/settings.ts";
import { Zone } from "../../src/dns/zone.ts";
import { createLog } from "../../src/lib/log.ts";
import { Metrics } from "../../src/lib/metrics.ts";
import type { Node } from "../../src/model/node.ts";
import type { Service } from "../../src/model/service.ts";
import { unlimitedCallers } from "../../src/registry/caller.ts";
import { PreparedQueries } from "../../src/registry/prepared-query-execution.ts";
import { packetOf, parseDnsQuestion, readDnsAnswer, recordLines, type DnsAnswer } from "./dns-exchange.ts";
import { FakeRandom } from "./fake-random.ts";
import { loneServer } from "./lone-server.ts";
import { nodeNamed, serviceNamed } from "./state.ts";
import { openTestStore, type TestStore } from "./store.ts";

export interface DnsWorld extends TestStore {
  readonly responder: Responder;
  readonly metrics: Metrics;
  /** Returns the records of all sections of the answer, one on each line. parseDnsQuestion describes the form of the question. */
  readonly lines: (question: string) => readonly string[];
  readonly answer: (question: string) => DnsAnswer;
  /** Registers a node in the catalog, and a service on it if one is given. */
  readonly register: (node: string, changes?: Partial<Node>, service?: Partial<Service>) => Promise<void>;
}

const settings: ZoneSettings = {
  domains: [["consul"]],
  datacenter: "dc1",
  onlyPassing: false,
  nodeTtlMs: 0,
  serviceTtlMs: {},
  aRecordsMax: 0,
  nodeMetaTxt: true,
  soa: { refresh: 3_600, retry: 600, expire: 86_400, minTtl: 0 },
};

/** The server of a cluster over whose state the responder answers. */
interface DnsServer extends Pick<ResponderParts, "store" | "cluster">, Pick<AnsweringSettings, "maxStaleMs"> {}

/** Opens a DNS responder over an empty store, without sockets. @param server default: one that stands alone */
export function openDnsWorld(changes: Partial<ZoneSettings> = {}, server?: DnsServer): DnsWorld {
  const opened = openTestStore();
  const { clock } = opened;
  const { store, cluster, maxStaleMs } = server ?? {
    ...{ store: opened.store, cluster: loneServer(opened.store), maxStaleMs: Infinity },
  };
  const random = new FakeRandom();
  const metrics = new Metrics(clock.wallMs());
  const log = createLog({ level: "error", json: false, clock, sink: () => {} }, "dns");
  const world = { store, clock, random, metrics, log };
  const callers = unlimitedCallers(store);
  const queries = new PreparedQueries(store, { ...world, callers, datacenter: "dc1", node: "n1" });
  const responder = new Responder(
    { ...world, callers, cluster, nodeName: "n1" },
    {
      zone: new Zone({ ...settings, ...changes }, { ...world, queries }),
      recursors: new Recursors([], { ...world, timeoutMs: 1_000 }),
      udpAnswersMax: 3,
      truncates: false,
      compresses: true,
      maxStaleMs,
    },
  );
  const answer = (line: string): DnsAnswer => {
    const question = parseDnsQuestion(line);
    const packet = packetOf(question);
    const answered = responder.respond(packet, { network: question.network, address: "192.0.2.1" });
    if (!(answered instanceof Uint8Array)) throw new Error("no answer at once");
    return readDnsAnswer(packet, answered);
  };
  return {
    ...opened,
    responder,
    metrics,
    answer,
    lines: (question) => {
      const { answers, authorities, additionals } = answer(question);
      return [...recordLines(answers), ...recordLines(authorities), ...recordLines(additionals)];
    },
    async register(name, nodeChanges, service) {
      await store.submit({
        ...{ type: "register", node: nodeNamed(name, nodeChanges), skipNodeUpdate: false, checks: [] },
        service: service && serviceNamed(service.name ?? "web", service),
      });
    },
  };
}
