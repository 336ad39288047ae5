import type { DnsQuestion } from "../../support/dns-exchange.ts";

/** Questions to an agent that is started in one way. */
export interface QuestionGroup {
  readonly name: string;
  /** More words for the agent. */
  readonly words: readonly string[];
  readonly questions: readonly DnsQuestion[];
}

/** "edge1.node.consul A", with "tcp" or "edns=1232" or "subnet=10.0.0.0" after it. */
function ask(...lines: readonly string[]): readonly DnsQuestion[] {
  return lines.map((line) => {
    const [name = "", type = "A", ...more] = line.split(" ");
    const option = (key: string): string | undefined =>
      more.find((word) => word.startsWith(`${key}=`))?.slice(key.length + 1);
    const [edns, subnet] = [option("edns"), option("subnet")];
    return {
      name,
      type,
      ...(edns !== undefined && { udpBytes: Number(edns) }),
      ...(subnet !== undefined && { subnet }),
      ...(more.includes("tcp") && { network: "tcp" as const }),
    };
  });
}

function allTypes(name: string): readonly DnsQuestion[] {
  return ask(...["A", "AAAA", "ANY", "SRV", "TXT", "CNAME", "NS", "SOA", "MX", "PTR"].map((type) => `${name} ${type}`));
}

export const questionGroups: readonly QuestionGroup[] = [
  {
    name: "as it comes",
    words: [],
    questions: [
      ...allTypes("edge1.node.consul"),
      ...allTypes("web.service.consul"),
      ...allTypes("missing.service.consul"),
      ...allTypes("consul"),
      ...ask("edge2.node.consul A", "edge2.node.consul AAAA", "edge2.node.consul ANY"),
      ...ask("six.node.consul A", "six.node.consul AAAA", "six.node.consul ANY", "six.service.consul A"),
      ...ask(
        "six.service.consul AAAA",
        "six.service.consul SRV",
        "six-own.service.consul SRV",
        "six.service.consul ANY",
      ),
      ...ask("hosted.node.consul A", "hosted.node.consul ANY", "hosted.service.consul A", "hosted.service.consul SRV"),
      ...ask(
        "aliased.node.consul A",
        "aliased.node.consul AAAA",
        "aliased.service.consul A",
        "aliased.service.consul SRV",
      ),
      ...ask("dotted.name.node.consul A", "dotted.service.service.consul A", "dotted.service.service.consul SRV"),
      ...ask("upper.node.consul A", "UPPER.Node.CONSUL A", "Upper.service.consul SRV", "big.upper.service.consul A"),
      ...ask("under_score!.node.consul A", "odd.service.consul SRV", "node1.node.consul A", "NODE1.node.consul TXT"),
      ...ask(
        "tagged.service.consul A",
        "tagged.service.consul AAAA",
        "tagged.service.consul SRV",
        "tagged.service.consul ANY",
      ),
      ...ask(
        "named.service.consul A",
        "named.service.consul SRV",
        "named.service.consul ANY",
        "named.service.consul AAAA",
      ),
      ...ask("to-web.service.consul A", "to-web.service.consul SRV", "to-web.service.consul ANY"),
      ...ask(
        "loop-a.service.consul A",
        "loop-a.service.consul SRV",
        "self.service.consul A",
        "self.service.consul SRV",
      ),
      ...["both", "only4", "only6", "wide"].flatMap((name) => [
        ...ask(`${name}.node.consul A`, `${name}.node.consul AAAA`, `${name}.node.consul ANY`),
        ...ask(`at-${name}.service.consul A`, `at-${name}.service.consul AAAA`, `at-${name}.service.consul SRV`),
        ...ask(`own-${name}.service.consul A`, `own-${name}.service.consul AAAA`, `own-${name}.service.consul SRV`),
      ]),
      ...ask(
        "twice.service.consul A",
        "twice.service.consul SRV",
        "ports.service.consul A",
        "ports.service.consul SRV",
      ),
      ...ask("sick.service.consul A", "sick.node.consul A", "host.service.consul A", "host.service.consul SRV"),
      ...ask("primary.web.service.consul A", "PRIMARY.web.service.consul SRV", "v1.0.web.service.consul A"),
      ...ask("nothing.web.service.consul A", "_web._tcp.service.consul SRV", "_web._primary.service.consul SRV"),
      ...ask("_web._primary.service.consul A", "_web._udp.service.consul SRV", "_web._tcp SRV", "_web._tcp.consul SRV"),
      ...ask(
        "_web._tcp.dc1.consul SRV",
        "web.service.dc1.consul A",
        "web.service.DC1.consul A",
        "web.service.dc2.consul A",
      ),
      ...ask("web.service.dc1.more.consul A", "edge1.node.dc1.consul A", "edge1.node.dc2.consul A", "service.consul A"),
      ...ask("node.consul A", "query.consul A", "addr.consul A", "web.connect.consul A", "web.ingress.consul A"),
      ...ask(
        "nothing.query.consul A",
        "nothing.query.consul SRV",
        "x.y.z.consul A",
        "web.consul A",
        "web.service.consul MX",
      ),
      ...ask(
        "0a000001.addr.consul A",
        "0a000001.addr.consul AAAA",
        "0a000001.addr.consul ANY",
        "0a000001.addr.consul SRV",
      ),
      ...ask(
        "0a000001.addr.dc1.consul A",
        "20010db8000000000000000000000006.addr.consul AAAA",
        "0A00000F.ADDR.consul A",
      ),
      ...ask("20010db8000000000000000000000006.addr.consul A", "0a0000.addr.consul A", "zz000001.addr.consul A"),
      ...ask("a.0a000001.addr.consul A", "0a000001.addr.consul TXT"),
      ...ask(
        "1.0.0.10.in-addr.arpa PTR",
        "9.9.9.10.in-addr.arpa PTR",
        "1.2.3.4.in-addr.arpa PTR",
        "10.in-addr.arpa PTR",
      ),
      ...ask("1.0.0.10.in-addr.arpa A", "1.0.0.10.in-addr.arpa SOA", "1.0.0.10.in-addr.arpa ANY", "arpa SOA"),
      ...ask("6.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR"),
      ...ask("f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR"),
      ...ask(
        "example.com A",
        "example.com SOA",
        ". NS",
        "notconsul A",
        "web.service.consul.example.com A",
        "xconsul A",
      ),
      ...ask("web.service.consul AXFR", "consul AXFR tcp", "ns.consul A", "hostmaster.consul A"),
      ...ask("edge1.node.consul A edns=1232", "edge1.node.consul A edns=100", "missing.service.consul A edns=4096"),
      ...ask("edge1.node.consul A subnet=10.1.2.0", "missing.node.consul A subnet=10.1.2.0", "consul NS edns=1232"),
      ...ask(
        "few.service.consul A",
        "few.service.consul SRV",
        "few.service.consul A tcp",
        "few.service.consul SRV tcp",
      ),
      ...ask("few.service.consul A edns=1232", "few.service.consul SRV edns=1232", "many.service.consul A edns=1232"),
      ...ask(
        "many.service.consul A",
        "many.service.consul SRV",
        "many.service.consul A tcp",
        "many.service.consul SRV tcp",
      ),
      ...ask("many.service.consul SRV edns=1232", "many.service.consul SRV edns=4096", "crowd.service.consul A"),
      ...ask("crowd.service.consul A edns=1232", "crowd.service.consul A edns=4096", "crowd.service.consul A tcp"),
      ...ask("crowd.service.consul SRV", "crowd.service.consul SRV edns=1232", "crowd.service.consul SRV edns=65535"),
      ...ask(
        "crowd.service.consul SRV tcp",
        "crowd.service.consul ANY tcp",
        "consul.service.consul A",
        "consul.service.consul SRV",
      ),
    ],
  },
  {
    name: "with its own settings",
    words: [
      "-hcl",
      `dns_config { only_passing = true, node_ttl = "30s", service_ttl { "web" = "10s", "f*" = "20s", "*" = "5s" },
        enable_truncate = true, a_record_limit = 2, udp_answer_limit = 2, enable_additional_node_meta_txt = false,
        soa { refresh = 1, retry = 2, expire = 3, min_ttl = 4 } }`,
    ],
    questions: [
      ...allTypes("web.service.consul"),
      ...ask("edge1.node.consul A", "edge1.node.consul ANY", "edge1.node.consul TXT", "missing.node.consul A"),
      ...ask(
        "few.service.consul A",
        "few.service.consul A tcp",
        "few.service.consul SRV",
        "few.service.consul SRV tcp",
      ),
      ...ask(
        "few.service.consul SRV edns=1232",
        "many.service.consul A tcp",
        "many.service.consul SRV",
        "six.service.consul AAAA",
      ),
      ...ask("crowd.service.consul SRV edns=1232", "crowd.service.consul SRV", "named.service.consul A", "consul SOA"),
      ...ask("0a000001.addr.consul A", "1.0.0.10.in-addr.arpa PTR", "consul NS", "to-web.service.consul A"),
    ],
  },
  {
    name: "under two domains",
    words: ["-domain", "Gateway.Local", "-alt-domain", "alt.", "-hcl", "dns_config { disable_compression = true }"],
    questions: [
      ...ask("edge1.node.gateway.local A", "edge1.node.alt A", "edge1.node.consul A", "web.service.Gateway.Local SRV"),
      ...ask(
        "web.service.alt SRV",
        "web.service.ALT SRV",
        "alt SOA",
        "gateway.local SOA",
        "gateway.local NS",
        "alt NS",
      ),
      ...ask("missing.service.alt A", "missing.service.gateway.local A", "1.0.0.10.in-addr.arpa PTR", "local A"),
      ...ask(
        "few.service.alt SRV",
        "few.service.gateway.local SRV edns=1232",
        "many.service.alt SRV edns=1232",
        "x.alt A",
      ),
    ],
  },
];
