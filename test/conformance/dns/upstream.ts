import type { Answer } from "dns-packet";
import type { Said } from "../../support/upstream.ts";

const missing: Said = { rcode: 3, answers: [] };

/** Returns what these tests' recursor answers to a question of this name and type. It has records of names below example.com. */
export function sayOfExample(name: string, type: string): Said {
  switch (name) {
    case "silent.example.com":
    case "mute.example.com":
      return "silent";
    case "fails.example.com":
      return { rcode: 2, answers: [] };
    case "refuses.example.com":
      return { rcode: 5, answers: [] };
    case "large.example.com":
      return { rcode: 0, answers: Array.from({ length: 20 }, (_, at) => text(name, `${at} ${"x".repeat(40)}`)) };
    case "7.7.7.7.in-addr.arpa":
      return { rcode: 0, answers: [{ name, type: "PTR", ttl: 60, data: "seven.example.com" }] };
  }
  const answers = chainOf(name);
  if (answers.length === 0) return missing;
  const wanted = new Set(["CNAME", type, ...(type === "ANY" ? ["A", "AAAA"] : [])]);
  return { rcode: 0, answers: answers.filter((record) => wanted.has(record.type)) };
}

const aliases: Readonly<Record<string, string>> = {
  "www.example.com": "a.example.com",
  "host.example.com": "a.example.com",
  "long.example.com": "long1.example.com",
  "long1.example.com": "long2.example.com",
  "long2.example.com": "long3.example.com",
  "long3.example.com": "long4.example.com",
  "long4.example.com": "long5.example.com",
  "long5.example.com": "a.example.com",
  "back.example.com": "edge1.node.consul",
  "loop.example.com": "www.example.com",
};

/**
 * Returns the CNAME records that lead from the name to an address, and the address records; an empty list for an
 * unknown name.
 */
function chainOf(name: string): readonly Answer[] {
  const target = aliases[name];
  if (target !== undefined) return [{ name, type: "CNAME", ttl: 60, data: target }, ...chainOf(target)];
  if (name === "six-host.example.com") return [{ name, type: "AAAA", ttl: 60, data: "2001:db8::66" }];
  if (name !== "a.example.com" && name !== "db.example.com") return [];
  return [
    { name, type: "A", ttl: 60, data: "192.0.2.1" },
    { name, type: "AAAA", ttl: 60, data: "2001:db8::1" },
  ];
}

function text(name: string, data: string): Answer {
  return { name, type: "TXT", ttl: 60, data };
}
