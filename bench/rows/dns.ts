import { askDns } from "../../test/support/dns-exchange.ts";
import { putAll } from "../lib/contents.ts";
import type { Contender } from "../lib/contender.ts";
import { runDnsperf } from "../lib/dnsperf.ts";
import type { Group, Row } from "../lib/row.ts";

const few = { name: "few", instances: 10 };
const many = { name: "many", instances: 100 };

/**
 * Benchmark rows of DNS queries. Over UDP without EDNS an answer has three instances: the default of Consul's `udp_answer_limit`.
 */
export const names: Group = {
  name: "dns",
  prepare: (contender) => putAll(contender, "/v1/catalog/register", [few, many].flatMap(instancesOf)),
  rows: [
    dnsRow({ type: "A", of: few, answers: 3 }),
    dnsRow({ type: "SRV", of: few, answers: 3 }),
    dnsRow({ type: "A", of: many, answers: 100, edns: true }),
    // The 4,096 octets that dnsperf accepts have room for 68 of the 100 instances.
    dnsRow({ type: "SRV", of: many, answers: 68, edns: true }),
  ],
};

function instancesOf({ name, instances }: typeof few): readonly object[] {
  return Array.from({ length: instances }, (_none, at) => ({
    Node: `rack-${at + 1}`,
    Address: `10.0.0.${at + 1}`,
    Service: { Service: name, Port: 8_001 + at },
  }));
}

interface DnsRow {
  readonly type: "A" | "SRV";
  readonly of: typeof few;
  /** Number of instances in one answer. */
  readonly answers: number;
  readonly edns?: boolean;
}

function dnsRow({ type, of: { name, instances }, answers, edns = false }: DnsRow): Row {
  const question = `${name}.service.consul ${type}`;
  return {
    name: `dns-${type.toLowerCase()}-${name}`,
    title: `DNS: ${type} of a service with ${instances} instances, ${answers} of them in the answer, over UDP${edns ? " with EDNS" : ""}`,
    unit: "answers/s",
    better: "higher",
    goal: { kind: "times", timesMin: 6 },
    prepare: (contender) => expectAnswers(contender, edns ? `${question} edns=4096` : question, answers),
    measure: (contender, seconds) => runDnsperf(contender.dnsPort, question, { seconds, edns }),
  };
}

async function expectAnswers({ name, dnsPort }: Contender, question: string, count: number): Promise<void> {
  const { rcode, answers = [] } = await askDns(dnsPort, question);
  if (rcode !== "NOERROR" || answers.length !== count)
    throw new Error(`${name}: ${question}: ${rcode} with ${answers.length} answers, not ${count}`);
}
