/**
 * Has a real Consul answer each case of recording.jsonl, and records the answers in that file: which texts of policies it
 * refuses, what it grants to a token with such policies, how it translates old rules, how it hashes. To add a case, add a line
 * with an empty answer. CONSUL_BINARY names the Consul.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "../../support/free-ports.ts";
import { programOf } from "../../support/target.ts";
import { within } from "../../support/within.ts";
import {
  type GrantRecord,
  type HashRecord,
  readRecording,
  type RefusalRecord,
  type TranslationRecord,
  writeRecording,
} from "./recording.ts";

const secret = "00000000-aaaa-bbbb-cccc-000000000000";

/** A Consul with access control. */
class Consul {
  readonly #base: string;
  #made = 0;

  constructor(port: number) {
    this.#base = `http://127.0.0.1:${port}/v1`;
  }

  async ask(method: string, path: string, body: unknown, token = secret): Promise<{ status: number; text: string }> {
    const answer = await fetch(`${this.#base}/${path}`, {
      method,
      headers: { "X-Consul-Token": token },
      ...(method === "GET" ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    return { status: answer.status, text: await answer.text() };
  }

  async make(kind: "policy" | "role" | "token", object: object): Promise<Record<string, unknown>> {
    const { status, text } = await this.ask("PUT", `acl/${kind}`, object);
    if (status !== 200) throw new Error(`${kind} ${JSON.stringify(object)}: ${text}`);
    return JSON.parse(text) as Record<string, unknown>;
  }

  async refusal({ rules }: RefusalRecord): Promise<RefusalRecord> {
    this.#made += 1;
    const { status, text } = await this.ask("PUT", "acl/policy", { Name: `r${this.#made}`, Rules: rules });
    return { rules, refusal: status === 200 ? "" : text };
  }

  async grant(record: GrantRecord): Promise<GrantRecord> {
    const { policies, serviceIdentities = [], nodeIdentities = [], asked } = record;
    const links: unknown[] = [];
    for (const rules of policies) {
      this.#made += 1;
      // Consul 1.8 merges into the parsed policy that policies with the same text share: no two texts may be equal.
      const written = rules === "" ? "" : `${rules}${" ".repeat(this.#made)}`;
      links.push({ ID: (await this.make("policy", { Name: `g${this.#made}`, Rules: written })).ID });
    }
    const { SecretID } = await this.make("token", {
      Policies: links,
      ServiceIdentities: serviceIdentities.map((ServiceName) => ({ ServiceName })),
      NodeIdentities: nodeIdentities.map((NodeName) => ({ NodeName, Datacenter: "dc1" })),
    });
    const questions = asked.map((question) => {
      const [Resource, Access, ...name] = question.split(" ");
      return { Resource, Access, Segment: name.join(" ") };
    });
    const { status, text } = await this.ask("POST", "internal/acl/authorize", questions, String(SecretID));
    if (status !== 200) throw new Error(`${asked.join()}: ${text}`);
    const answers = JSON.parse(text) as readonly { readonly Allow: boolean }[];
    return { ...record, allowed: asked.filter((_question, at) => answers[at]?.Allow) };
  }

  async translation({ rules }: TranslationRecord): Promise<TranslationRecord> {
    const { status, text } = await this.ask("POST", "acl/rules/translate", rules);
    return { rules, status, answer: text };
  }

  /** Makes policies, roles and tokens with and without each part that their hashes count. */
  async hashes(): Promise<readonly HashRecord[]> {
    const rules = 'key "a" { policy = "read" }';
    const plain = await this.make("policy", { Name: "plain" });
    const whole = await this.make("policy", { Name: "w", Description: "é", Rules: rules, Datacenters: ["dc1", "dc2"] });
    const links = {
      Policies: [{ ID: whole.ID }, { ID: plain.ID }],
      ServiceIdentities: [{ ServiceName: "web", Datacenters: ["dc1"] }, { ServiceName: "db" }],
      NodeIdentities: [{ NodeName: "n1", Datacenter: "dc1" }],
    };
    const role = await this.make("role", { Name: "role", Description: "d", ...links });
    const bare = await this.make("role", { Name: "bare", Policies: [{ Name: "plain" }] });
    const token = await this.make("token", { Description: "d", ...links, Roles: [{ ID: role.ID }, { ID: bare.ID }] });
    const local = await this.make("token", { Local: true });
    const builtin = (path: string): Promise<Record<string, unknown>> =>
      this.ask("GET", path, "").then(({ text }) => JSON.parse(text) as Record<string, unknown>);
    return [
      ...[plain, whole, await builtin("acl/policy/name/global-management")].map((each) => hashed("policy", each)),
      ...[role, bare].map((each) => hashed("role", each)),
      ...[token, local, await builtin("acl/token/00000000-0000-0000-0000-000000000002")].map((each) =>
        hashed("token", each),
      ),
      hashed("token", await builtin("acl/token/self")),
    ];
  }
}

function hashed(kind: HashRecord["kind"], object: Record<string, unknown>): HashRecord {
  const { CreateIndex: _created, ModifyIndex: _modified, CreateTime: _time, SecretID: _secret, ...kept } = object;
  return { kind, object: { ...kept, Hash: String(object.Hash) } };
}

async function withConsul<T>(otherwise: "allow" | "deny", use: (consul: Consul) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "acl-rules-"));
  const [http = 0, lan = 0, wan = 0, server = 0] = await freePorts(4);
  const config = join(folder, "config.json");
  await Bun.write(
    config,
    JSON.stringify({
      ...{ data_dir: folder, server: true, bootstrap_expect: 1, bind_addr: "127.0.0.1", node_name: "n1" },
      ports: { http, dns: -1, grpc: -1, serf_lan: lan, serf_wan: wan, server },
      acl: { enabled: true, default_policy: otherwise, tokens: { master: secret } },
    }),
  );
  const agent = Bun.spawn([...programOf("consul"), "agent", "-config-file", config], { stdout: "ignore" });
  try {
    const consul = new Consul(http);
    await within(60_000, async () => {
      const { status, text } = await consul.ask("GET", "acl/token/self", "").catch(() => ({ status: 0, text: "" }));
      if (status !== 200) throw new Error(text);
    });
    return await use(consul);
  } finally {
    agent.kill("SIGKILL");
    await agent.exited;
    rmSync(folder, { recursive: true });
  }
}

async function inTurn<T, R>(all: readonly T[], each: (one: T) => Promise<R>): Promise<readonly R[]> {
  const done: R[] = [];
  for (const one of all) done.push(await each(one));
  return done;
}

const said = Bun.spawnSync([...programOf("consul"), "version"]).stdout.toString();
const [version = "unknown"] = /(?<=^Consul v)[\d.]+/.exec(said) ?? [];
const recording = await readRecording();
const allowing = await withConsul("allow", (consul) =>
  inTurn(recording.grants, (record) => (record.otherwise === "allow" ? consul.grant(record) : Promise.resolve(record))),
);
await withConsul("deny", async (consul) => {
  await writeRecording({
    consul: version,
    refusals: await inTurn(recording.refusals, (record) => consul.refusal(record)),
    grants: await inTurn(allowing, (record) =>
      record.otherwise === "allow" ? Promise.resolve(record) : consul.grant(record),
    ),
    translations: await inTurn(recording.translations, (record) => consul.translation(record)),
    hashes: await consul.hashes(),
  });
});
process.exit(0);
