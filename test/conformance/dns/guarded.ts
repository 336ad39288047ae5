import { exchange } from "../../support/exchange.ts";
import type { Target } from "../../support/target.ts";

/** Access control of an agent to which DNS questions go. */
export interface Guard {
  readonly defaultPolicy: "allow" | "deny";
  /** The token of DNS questions: the anonymous one, or another that the agent has as its default token. */
  readonly token: "anonymous" | "default";
  /** The rules of this token's policy; undefined if the token has none, and if it is the default token, does not exist. */
  readonly rules?: string;
}

export const guardSecret = "4b1f8f6c-6f0e-4a66-9e1c-0d4f0c6a0000";
const defaultSecret = "4b1f8f6c-6f0e-4a66-9e1c-0d4f0c6a0001";
const querySecret = "4b1f8f6c-6f0e-4a66-9e1c-0d4f0c6a0002";
const anonymous = "00000000-0000-0000-0000-000000000002";

/** Returns the agent's arguments for a guard. Its own writes have the right to everything. */
function guardWords({ defaultPolicy, token }: Guard): readonly string[] {
  const named = token === "default" ? ` default = "${defaultSecret}"` : "";
  const tokens = `tokens { master = "${guardSecret}" agent = "${guardSecret}"${named} }`;
  return ["-hcl", `acl { enabled = true default_policy = "${defaultPolicy}" ${tokens} }`];
}

/** The bodies of requests that give the token of DNS its rules, and create queries with and without a token of their own. */
export async function grant({ url }: Target, { token, rules }: Guard): Promise<void> {
  const ask = async (method: string, path: string, body: object): Promise<void> => {
    const answer = await exchange(url, method, { path, body, headers: { "X-Consul-Token": guardSecret } });
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.text}`);
  };
  const policy = async (name: string, Rules: string): Promise<void> =>
    ask("PUT", "/v1/acl/policy", { Name: name, Rules });
  await policy("query", 'node_prefix "" { policy = "read" } service "few" { policy = "read" }');
  await ask("PUT", "/v1/acl/token", { SecretID: querySecret, Policies: [{ Name: "query" }] });
  await ask("POST", "/v1/query", { Name: "own-token", Service: { Service: "few" }, Token: querySecret });
  await ask("POST", "/v1/query", { Name: "own-token-web", Service: { Service: "web" }, Token: querySecret });
  await ask("POST", "/v1/query", { Name: "lost-token", Service: { Service: "web" }, Token: "no-such-token" });
  if (rules === undefined) return;
  await policy("of-dns", rules);
  const links = { Policies: [{ Name: "of-dns" }] };
  if (token === "anonymous") await ask("PUT", `/v1/acl/token/${anonymous}`, links);
  else await ask("PUT", "/v1/acl/token", { SecretID: defaultSecret, ...links });
}

const questions: readonly string[] = [
  ...["A", "AAAA", "ANY", "SRV", "TXT", "SOA"].flatMap((type) => [
    `edge1.node.consul ${type}`,
    `edge2.node.consul ${type}`,
    `web.service.consul ${type}`,
    `six.service.consul ${type}`,
  ]),
  "missing.node.consul A",
  "missing.service.consul A",
  "missing.service.consul SRV",
  "edge1.node.dc1.consul A",
  "primary.web.service.consul A",
  "_web._tcp.service.consul SRV",
  "_web._primary.service.consul SRV",
  "consul.service.consul A",
  "consul.service.consul SRV",
  "node1.node.consul A",
  "0a000001.addr.consul A",
  "consul SOA",
  "consul NS",
  "consul A",
  "ns.consul A",
  "1.0.0.10.in-addr.arpa PTR",
  "2.0.0.10.in-addr.arpa PTR",
  "1.1.1.10.in-addr.arpa PTR",
  "9.9.9.10.in-addr.arpa PTR",
  "99.99.99.10.in-addr.arpa PTR",
  "6.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR",
  ...["plain", "nobody", "own-token", "own-token-web", "lost-token", "missing"].flatMap((name) => [
    `${name}.query.consul A`,
    `${name}.query.consul SRV`,
  ]),
  "pay.connect.consul A",
  "native.connect.consul SRV",
  "gate.ingress.consul A",
  "to-web.service.consul A",
  "web.service.consul A tcp",
  "web.service.consul SRV edns=1232",
];

const all = 'node_prefix "" { policy = "read" } service_prefix "" { policy = "read" }';
const some =
  'node_prefix "edge" { policy = "read" } node "edge2" { policy = "deny" } service "web" { policy = "read" }';
const edgex = `node "" { policy = "read" } node_prefix "edgex" { policy = "write" } service_prefix "" { policy = "read" }`;
const denials =
  'node "edge1" { policy = "deny" } service "six" { policy = "deny" } query_prefix "" { policy = "deny" }';

const guards: Readonly<Record<string, Guard>> = {
  "guarded, anonymous": { defaultPolicy: "deny", token: "anonymous" },
  "guarded, anonymous sees all": { defaultPolicy: "deny", token: "anonymous", rules: all },
  "guarded, anonymous with EdgeX's policy": { defaultPolicy: "deny", token: "anonymous", rules: edgex },
  "guarded, the default token sees all": { defaultPolicy: "deny", token: "default", rules: all },
  "guarded, the default token sees some": { defaultPolicy: "deny", token: "default", rules: some },
  "guarded, the default token sees nodes": {
    defaultPolicy: "deny",
    token: "default",
    rules: 'node_prefix "" { policy = "read" }',
  },
  "guarded, the default token sees services": {
    ...{ defaultPolicy: "deny", token: "default", rules: 'service_prefix "" { policy = "read" }' },
  },
  "guarded, an unknown default token": { defaultPolicy: "deny", token: "default" },
  "open but for what anonymous is denied": { defaultPolicy: "allow", token: "anonymous", rules: denials },
  "open, an unknown default token": { defaultPolicy: "allow", token: "default" },
};

/** The questions to agents with access control, by the name of their group. */
export const guardedGroups: readonly {
  readonly name: string;
  readonly guard: Guard;
  readonly words: readonly string[];
  readonly questions: readonly string[];
}[] = Object.entries(guards).map(([name, guard]) => ({ name, guard, words: guardWords(guard), questions }));
