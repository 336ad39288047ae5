import { decode } from "dns-packet";
import { packetOf, parseDnsQuestion, recordLines } from "../../support/dns-exchange.ts";
import type { DnsExchange } from "./recording.ts";

/** An intended difference from Consul, with the questions whose answers show it. */
export interface DnsDifference {
  /** Praetor's behaviour. The table in docs/dns.md has a row with this text and its reason, `why`. */
  readonly what: string;
  readonly why: string;
  /** The questions whose answers differ, by the name of their group. */
  readonly where: Readonly<Record<string, readonly string[]>>;
  /**
   * Derives the answer that Praetor is expected to give from Consul's recorded answer to the same question. The test does not
   * compare the length in `bytes`.
   */
  readonly here: (consul: DnsExchange) => DnsExchange;
}

const soa =
  'consul 0 SOA {"mname":"ns.consul","rname":"hostmaster.consul","refresh":3600,"retry":600,"expire":86400,"minimum":0}';
const asItComes = "as it comes";
const anyHeader = "with any header";
const withRecursors = "with recursors";
const withTwo = "with a recursor that fails and one that answers";
const nothingSeen = [
  "guarded, anonymous",
  "guarded, anonymous with EdgeX's policy",
  "guarded, the default token sees services",
];
const allSeen = ["guarded, anonymous sees all", "guarded, the default token sees all"];
const unknownToken = ["guarded, an unknown default token", "open, an unknown default token"];
const nodesSeen = "guarded, the default token sees nodes";
const someSeen = "guarded, the default token sees some";
const someDenied = "open but for what anonymous is denied";
const typesOfNone = ["AAAA", "SRV", "TXT"];
const addressOfEdge1 = "1.0.0.10.in-addr.arpa PTR";
const addressOfEdge2 = "2.0.0.10.in-addr.arpa PTR";
const addressOfTagged = "1.1.1.10.in-addr.arpa PTR";
const addressOfWeb = "9.9.9.10.in-addr.arpa PTR";
const noAddress = "99.99.99.10.in-addr.arpa PTR";
const addressOfSix = "6.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR";
const reverseNames = [addressOfEdge1, addressOfEdge2, addressOfTagged, addressOfWeb, noAddress, addressOfSix];

export const dnsDifferences: readonly DnsDifference[] = [
  {
    what: "A question for a type that a node lacks is answered with the start of authority (SOA).",
    why: "Resolvers cache the negative answer for its time (RFC 2308). Consul sends it for services only.",
    where: {
      [asItComes]: [
        ...["AAAA", "SRV", "TXT", "CNAME", "MX", "PTR", "UNKNOWN_65"].map((type) => `edge1.node.consul ${type}`),
        ...["AAAA", "SRV", "CNAME", "MX", "PTR"].map((type) => `labelled.node.consul ${type}`),
        ...["edge2.node.consul AAAA", "six.node.consul A", "only4.node.consul AAAA", "wide.node.consul AAAA"],
      ],
      [anyHeader]: ["UNKNOWN_0", "NULL", "HINFO", "RRSIG", "OPT", "IXFR", "UNKNOWN_65535"].map(
        (type) => `edge1.node.consul ${type}`,
      ),
      ...inEach([...allSeen, nodesSeen], [...nodeWith("edge1", typesOfNone), ...nodeWith("edge2", typesOfNone)]),
      [someSeen]: nodeWith("edge1", typesOfNone),
      [someDenied]: nodeWith("edge2", typesOfNone),
    },
    here: (consul) => ({ ...consul, authority: [soa] }),
  },
  {
    what: "The name of an unknown node does not exist (NXDOMAIN), for any type.",
    why: "A resolver need not repeat the question for another type (RFC 8020). Consul says NOERROR for types that no node has.",
    where: {
      [anyHeader]: ["UNKNOWN_0", "NULL", "HINFO", "RRSIG", "OPT", "IXFR", "UNKNOWN_65535"].map(
        (type) => `missing.node.consul ${type}`,
      ),
      ...inEach(nothingSeen, [...nodeWith("edge1", ["SRV"]), ...nodeWith("edge2", ["SRV"])]),
      [someSeen]: nodeWith("edge2", ["SRV"]),
      [someDenied]: nodeWith("edge1", ["SRV"]),
    },
    here: (consul) => ({ ...consul, rcode: "NXDOMAIN", authority: [soa] }),
  },
  {
    what: "A NOTIFY is not implemented (NOTIMP), like all messages but queries.",
    why: "It notifies a secondary server of a change (RFC 1996), and Praetor is none. Consul answers it like a query.",
    where: { [anyHeader]: ["edge1.node.consul A opcode=4", "missing.node.consul A opcode=4 flags=ad,cd"] },
    here: ({ question }) => ({
      ...nothingIn(question),
      ...{ rcode: "NOTIMP", flags: question.includes("ad,cd") ? "opcode=4 rd ad cd" : "opcode=4 rd" },
    }),
  },
  {
    what: "A message that ends before what its header announces is malformed (FORMERR).",
    why: "The rest may be lost. Consul answers the part that arrived, even a question without its type or class.",
    where: {
      [anyHeader]: ["counts=1,1,0,0", "counts=1,0,1,0", "counts=1,0,0,1", "cut=2", "cut=4"].map(
        (flaw) => `edge1.node.consul A ${flaw}`,
      ),
    },
    here: ({ question, asked }) => ({ ...nothingIn(question), rcode: "FORMERR", flags: "rd", asked }),
  },
  {
    what: "A client's subnet (EDNS) is returned unchanged.",
    why: "RFC 7871, section 7.2.1, requires it. Consul cuts it to the length of its prefix.",
    where: {
      [anyHeader]: ["000118000a010207", "00011400ffffff", "000118000a01", "0002400020010db8"].map(
        (subnet) => `edge1.node.consul A option=8:${subnet}`,
      ),
    },
    here: (consul) => ({ ...consul, additional: ednsIn(consul.question) }),
  },
  {
    what: "A refusal (REFUSED) has an EDNS record if the question had one.",
    why: "RFC 6891, section 7, requires it in every answer. Consul leaves it out of this one.",
    where: { [anyHeader]: ["example.com A edns=1232", "example.com A option=8:000118000a0102"] },
    here: (consul) => ({ ...consul, additional: ednsIn(consul.question) }),
  },
  {
    what: "An `addr` name that has only an address of the other family has no answer, and that address is additional.",
    why: "An answer has the type of the question. Consul puts the other address among the answers.",
    where: {
      [asItComes]: [
        ...["AAAA", "SRV", "TXT"].map((type) => `0a000001.addr.consul ${type}`),
        "20010db8000000000000000000000006.addr.consul A",
      ],
    },
    here: ({ answers, ...consul }) => ({ ...consul, answers: [], authority: [soa], additional: answers }),
  },
  {
    what: "An answer for an `addr` name repeats the letter case of the question, like all others.",
    why: "Resolvers that vary the case to detect forged answers drop one that does not repeat it. Consul answers in lower case.",
    where: { [asItComes]: ["0A00000F.ADDR.consul A"] },
    here: (consul) => ({ ...consul, answers: ["0A00000F.ADDR.consul 0 A 10.0.0.15"] }),
  },
  {
    what: "An `addr` name of another length than 8 or 32 digits does not exist (NXDOMAIN).",
    why: "Such a name can have no records. Consul says that it exists and has no address.",
    where: { [asItComes]: ["0a0000.addr.consul A"] },
    here: (consul) => ({ ...consul, rcode: "NXDOMAIN", authority: [soa] }),
  },
  {
    what: "Without recursors, the reverse name of an unknown address does not exist (NXDOMAIN).",
    why: "So the resolver stops. Consul answers SERVFAIL with recursion available (RA), and resolvers retry again and again.",
    where: { [asItComes]: ["1.2.3.4.in-addr.arpa PTR", "10.in-addr.arpa PTR", "arpa SOA"] },
    here: (consul) => ({ ...consul, rcode: "NXDOMAIN", flags: "aa rd", authority: [soa] }),
  },
  {
    what: "With access control, the reverse name of an address that the client may not see is a SERVFAIL without recursion available (RA).",
    why: "No recursor is asked. A resolver that reads RA takes the server for one that can ask others.",
    where: {
      ...inEach([...nothingSeen, ...unknownToken], reverseNames),
      ...inEach(allSeen, [noAddress]),
      [nodesSeen]: [addressOfTagged, addressOfWeb, noAddress],
      [someSeen]: [addressOfEdge2, addressOfTagged, noAddress, addressOfSix],
      [someDenied]: [addressOfEdge1, addressOfTagged, noAddress],
    },
    here: (consul) => ({ ...consul, flags: "rd" }),
  },
  {
    what: "With a default token that does not exist, the name of a node is a SERVFAIL for any type.",
    why: "The agent cannot know whether the client may see the node. Consul says NOERROR for types that no node has.",
    where: inEach(unknownToken, [...nodeWith("edge1", ["SRV"]), ...nodeWith("edge2", ["SRV"])]),
    here: (consul) => ({ ...consul, rcode: "SERVFAIL" }),
  },
  {
    what: "With a default token that does not exist, an `ingress` name does not exist (NXDOMAIN).",
    why: "No service has an ingress gateway, whichever the token. Consul asks for the token first.",
    where: inEach(unknownToken, ["gate.ingress.consul A"]),
    here: (consul) => ({ ...consul, rcode: "NXDOMAIN", authority: [soa] }),
  },
  {
    what: "Below the alternative domain, all names in an answer end in that domain.",
    why: "A client that knows only that domain can resolve them. Consul 1.8 answers with names of the main one.",
    where: {
      "under two domains": [
        ...["web.service.alt SRV", "web.service.ALT SRV", "alt SOA", "alt NS", "missing.service.alt A", "x.alt A"],
        ...["few.service.alt SRV", "many.service.alt SRV edns=4096"],
      ],
    },
    here: ({ answers, authority, additional, ...consul }) => ({
      ...consul,
      answers: answers.map(inAlternative).toSorted(),
      authority: authority.map(inAlternative),
      additional: additional.map(inAlternative).toSorted(),
    }),
  },
  {
    what: "An answer is never longer than the EDNS size of the client; additional data (a node's meta) is left out before answers are.",
    why: "A longer one may be lost in transit. Consul does not count its own EDNS record.",
    where: { [asItComes]: ["crowd.service.consul A edns=1232"] },
    here: (consul) => ({ ...consul, answers: consul.answers.filter((line) => !line.endsWith(" <74>")) }),
  },
  {
    what: "A value of a node's meta that is longer than 255 octets is sent as several strings of one TXT record.",
    why: "TXT carries longer texts in this form. Consul sends no answer at all to questions for such a node.",
    where: { [asItComes]: ["verbose.node.consul A", "verbose.node.consul TXT"] },
    here: ({ question, bytes }) => {
      const [name, type] = question.split(" ");
      const address = `${name} 0 A 10.0.0.9`;
      const text = `${name} 0 TXT note=${"x".repeat(250)} ${"x".repeat(50)}`;
      const [answers, additional] = type === "A" ? [[address], [text]] : [[text], []];
      return {
        question,
        bytes,
        rcode: "NOERROR",
        flags: "aa rd",
        asked: `${question} IN`,
        answers,
        additional,
        authority: [],
      };
    },
  },
  {
    what: "A recursor's answer is passed on octet for octet.",
    why: "So no unknown record is lost. Consul decodes and encodes it again, with names compressed.",
    where: {
      [withRecursors]: [
        ...["A", "A norecurse", "A flags=ad,cd", "A tcp", "A edns=1232", "AAAA", "A class=CH"].map(
          (type) => `a.example.com ${type}`,
        ),
        ...["www.example.com A", "long.example.com A", "loop.example.com A", "7.7.7.7.in-addr.arpa PTR"],
        ...["large.example.com TXT tcp", "large.example.com TXT edns=4096"],
      ],
      [withTwo]: ["a.example.com A", "a.example.com A tcp"],
    },
    here: (consul) => consul,
  },
  {
    what: "A service at a foreign host name is looked up at the next recursor when one fails.",
    why: "All other names are, too. Consul accepts the first recursor's answer in any case, and returns no address.",
    where: { [withTwo]: ["named.service.consul A"] },
    here: (consul) => ({
      ...consul,
      answers: ["a.example.com 0 A 192.0.2.1", ...consul.answers, "www.example.com 0 CNAME a.example.com"],
    }),
  },
];

function inEach(groups: readonly string[], questions: readonly string[]): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(groups.map((group) => [group, questions]));
}

function nodeWith(node: string, asked: readonly string[]): readonly string[] {
  return asked.map((type) => `${node}.node.consul ${type}`);
}

function nothingIn(question: string): DnsExchange {
  return { question, rcode: "", flags: "", asked: "", answers: [], authority: [], additional: [], bytes: 0 };
}

/** Returns the question's EDNS record, as a line in a list; an empty list if the question has none. */
function ednsIn(question: string): readonly string[] {
  return recordLines(decode(Buffer.from(packetOf(parseDnsQuestion(question)))).additionals);
}

function inAlternative(line: string): string {
  return line.replaceAll("gateway.local", "alt");
}
