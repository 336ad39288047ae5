import { pickFrom, randomRules, some } from "./random-rules.ts";
import type { GuardedWorld } from "./guarded-world.ts";
import { keys, names, ownNode } from "./guarded-questions.ts";
import type { View } from "./moments.ts";

/** A token that is created, changed and deleted again and again under one secret. */
interface Slot {
  readonly secret: string;
  /** The accessor of the token; undefined while no token has the secret. */
  accessor: string | undefined;
  /** Whether the token can only be replaced: Consul changes no expiration and no legacy rules. */
  isFixed: boolean;
}

const policiesMax = 6;
const rolesMax = 3;
const management = "00000000-0000-0000-0000-000000000001";
const anonymous = "00000000-0000-0000-0000-000000000002";
/** The names in rules. The empty one stands for everything, and is frequent enough for readers to see something. */
const ruleNames = ["", "", "", "", "", ...names, ...keys, ownNode] as const;
/** The size of a large value, whose answers are streamed. */
const largeBytes = 70_000;

/** The administrator, who changes tokens, policies and roles, and the services that write keys and register themselves. */
export class GuardedWriters {
  readonly slots: readonly Slot[];
  readonly #world: GuardedWorld;
  readonly #policies: string[] = [];
  readonly #roles: string[] = [];
  #snapshot: ArrayBuffer | undefined;

  constructor(world: GuardedWorld) {
    this.#world = world;
    this.slots = Array.from({ length: 6 }, () => ({
      secret: world.random.uuid(),
      accessor: undefined,
      isFixed: false,
    }));
  }

  /** Creates policies, roles, tokens, services and prepared queries. */
  async prepare(): Promise<void> {
    const world = this.#world;
    for (let at = 0; at < policiesMax; at += 1) await this.#createPolicy();
    for (let at = 0; at < rolesMax; at += 1) await this.#createRole();
    for (const slot of this.slots) await this.#createToken(slot);
    for (const name of names) {
      await this.register();
      await world.put("POST /v1/query", { Name: name, Service: { Service: name } });
    }
    for (const key of keys) await world.put(`PUT /v1/kv/${key}`, world.unique());
    await world.put("PUT /v1/catalog/register", { Node: ownNode, Address: "10.0.0.1" });
    const session = await world.put("PUT /v1/session/create", { Node: ownNode, Checks: [] });
    const { ID: Session } = JSON.parse(session.text) as { readonly ID: string };
    await world.put("POST /v1/query", { Session, Service: { Service: "a" } });
  }

  /** Makes one change of tokens, policies or roles. */
  async changeRights(): Promise<void> {
    const { random } = this.#world;
    const slot = pickFrom(random, this.slots as readonly [Slot, ...Slot[]]);
    const acts: readonly [() => Promise<void>, ...(() => Promise<void>)[]] = [
      ...([() => this.setPolicy(), () => this.setPolicy(), () => this.#replacePolicy()] as const),
      ...[() => this.#setRole(), () => this.#replaceRole()],
      ...[() => this.#changeToken(slot), () => this.#changeToken(slot), () => this.#changeToken(slot)],
      ...[() => this.#replaceToken(slot), () => this.#makeLegacy(slot), () => this.#setAnonymous()],
      () => this.#restore(),
    ];
    await pickFrom(random, acts)();
  }

  /** Gives a policy other rules. */
  async setPolicy(): Promise<void> {
    const id = this.#anyOf(this.#policies);
    await this.#world.put(`PUT /v1/acl/policy/${id}`, this.#policyBody(`p-${id}`));
  }

  /** Writes a key, registers a service or a session, or fires an event. */
  async changeData(): Promise<void> {
    const { random } = this.#world;
    await pickFrom(random, [
      ...([() => this.putKey(), () => this.putKey(), () => this.putKey(), () => this.#deleteKeys()] as const),
      ...([() => this.register(), () => this.register(), () => this.#deregister()] as const),
      ...([() => this.#createSession(), () => this.#fire()] as const),
    ])();
  }

  async putKey(): Promise<void> {
    const world = this.#world;
    const isLarge = world.random.uniform() < 0.05;
    const value = world.unique() + (isLarge ? "x".repeat(largeBytes) : "");
    await world.put(`PUT /v1/kv/${pickFrom(world.random, keys)}`, value);
  }

  /** Registers a service with a check on some node. */
  async register(): Promise<void> {
    const world = this.#world;
    const { random } = world;
    const [node, name, mark] = [pickFrom(random, names), pickFrom(random, names), world.unique()];
    const status = pickFrom(random, ["passing", "passing", "critical"]);
    const ofNode = random.uniform() < 0.3;
    const check = { CheckID: ofNode ? "node" : `of ${name}`, Name: "c", Status: status, Notes: mark };
    await world.put("PUT /v1/catalog/register", {
      ...{ Node: node, Address: "10.0.0.7" },
      Service: { ID: `${name}-1`, Service: name, Tags: [mark] },
      Check: ofNode ? check : { ...check, ServiceID: `${name}-1` },
    });
  }

  async #deregister(): Promise<void> {
    const { random } = this.#world;
    const node = pickFrom(random, names);
    const body = random.uniform() < 0.3 ? { Node: node } : { Node: node, ServiceID: `${pickFrom(random, names)}-1` };
    await this.#world.put("PUT /v1/catalog/deregister", body);
  }

  async #deleteKeys(): Promise<void> {
    const { random } = this.#world;
    const tree = random.uniform() < 0.2 ? "?recurse" : "";
    await this.#world.put(`DELETE /v1/kv/${pickFrom(random, keys)}${tree}`);
  }

  async #createSession(): Promise<void> {
    const { random } = this.#world;
    const nodes = [...this.#world.api.store.state.nodes.values()].map(({ name }) => name);
    const node = pickFrom(random, [nodes[0] ?? ownNode, ...nodes]);
    await this.#world.put("PUT /v1/session/create", { Node: node, Checks: [] });
  }

  async #fire(): Promise<void> {
    const name = pickFrom(this.#world.random, names);
    await this.#world.put(`PUT /v1/event/fire/${name}`);
  }

  /** Takes a snapshot, or restores the last one, in which tokens, policies and roles are as they were. */
  async #restore(): Promise<void> {
    const world = this.#world;
    const { store } = world.api;
    if (!this.#snapshot) {
      this.#snapshot = await world.snapshot();
      return;
    }
    await world.put("PUT /v1/snapshot", this.#snapshot);
    this.#snapshot = undefined;
    const ids = (rows: Iterable<{ readonly id: string }>): string[] => [...rows].map(({ id }) => id);
    this.#policies.splice(0, policiesMax, ...ids(store.state.aclPolicies.values()).filter((id) => id !== management));
    this.#roles.splice(0, rolesMax, ...ids(store.state.aclRoles.values()));
    for (const slot of this.slots) {
      const token = [...store.state.aclTokens.values()].find(({ secretId }) => secretId === slot.secret);
      slot.accessor = token?.accessorId;
      slot.isFixed = token !== undefined && (token.expirationTime !== null || token.rules !== "");
    }
  }

  #anyOf(ids: readonly string[]): string {
    return pickFrom(this.#world.random, [ids[0] ?? "", ...ids]);
  }

  #policyBody(name: string): object {
    const world = this.#world;
    const rules = randomRules(world.random, { names: ruleNames, rulesMax: 24 });
    return { Name: name, Rules: world.textOf(rules) };
  }

  async #createPolicy(): Promise<void> {
    const { text } = await this.#world.put("PUT /v1/acl/policy", this.#policyBody(this.#world.unique()));
    this.#policies.push((JSON.parse(text) as { readonly ID: string }).ID);
  }

  async #replacePolicy(): Promise<void> {
    await this.#world.put(`DELETE /v1/acl/policy/${this.#policies.shift() ?? ""}`);
    await this.#createPolicy();
  }

  #links(): object {
    const { random } = this.#world;
    const policies = [1, ...some(random, 3, () => 1)].map(() => ({ ID: this.#anyOf(this.#policies) }));
    const services = some(random, 2, () => ({ ServiceName: pickFrom(random, names) }));
    const nodes = some(random, 2, () => ({ NodeName: pickFrom(random, names), Datacenter: "dc1" }));
    const hasIdentities = random.uniform() < 0.3;
    return { Policies: policies, ...(hasIdentities && { ServiceIdentities: services, NodeIdentities: nodes }) };
  }

  async #createRole(): Promise<void> {
    const { text } = await this.#world.put("PUT /v1/acl/role", { Name: this.#world.unique(), ...this.#links() });
    this.#roles.push((JSON.parse(text) as { readonly ID: string }).ID);
  }

  async #setRole(): Promise<void> {
    const id = this.#anyOf(this.#roles);
    await this.#world.put(`PUT /v1/acl/role/${id}`, { Name: `r-${id}`, ...this.#links() });
  }

  async #replaceRole(): Promise<void> {
    await this.#world.put(`DELETE /v1/acl/role/${this.#roles.shift() ?? ""}`);
    await this.#createRole();
  }

  #tokenBody(): object {
    const { random } = this.#world;
    return { ...this.#links(), Roles: some(random, 2, () => ({ ID: this.#anyOf(this.#roles) })) };
  }

  async #createToken(slot: Slot): Promise<void> {
    const { random } = this.#world;
    slot.accessor = random.uuid();
    slot.isFixed = random.uniform() < 0.4;
    const body = { ...this.#tokenBody(), AccessorID: slot.accessor, SecretID: slot.secret };
    const seconds = 60 + Math.floor(random.uniform() * 120);
    await this.#world.put("PUT /v1/acl/token", slot.isFixed ? { ...body, ExpirationTTL: `${seconds}s` } : body);
  }

  async #changeToken(slot: Slot): Promise<void> {
    const { accessor } = slot;
    if (accessor === undefined || slot.isFixed) return this.#replaceToken(slot);
    const body = { ...this.#tokenBody(), AccessorID: accessor, SecretID: slot.secret };
    await this.#world.put(`PUT /v1/acl/token/${accessor}`, body);
  }

  /** Deletes the token, and mostly creates another with its secret at once. */
  async #replaceToken(slot: Slot): Promise<void> {
    if (slot.accessor === undefined) return this.#createToken(slot);
    slot.accessor = undefined;
    await this.#world.put(`PUT /v1/acl/destroy/${slot.secret}`);
    if (this.#world.random.uniform() < 0.7) await this.#createToken(slot);
  }

  /** Puts a token with rules of its own, in the syntax of before Consul 1.4, in place of the present one. */
  async #makeLegacy(slot: Slot): Promise<void> {
    const world = this.#world;
    if (slot.accessor !== undefined) await world.put(`PUT /v1/acl/destroy/${slot.secret}`);
    const rules = randomRules(world.random, { names: ruleNames, rulesMax: 12, isLegacy: true });
    const body = { ID: slot.secret, Type: "client", Rules: world.textOf(rules, true) };
    await world.put("PUT /v1/acl/create", body);
    Object.assign(slot, { accessor: slot.secret, isFixed: true });
  }

  async #setAnonymous(): Promise<void> {
    await this.#world.put(`PUT /v1/acl/token/${anonymous}`, { AccessorID: anonymous, ...this.#tokenBody() });
  }
}

/** A write by a reader, and whether a model lets the holder of the token make it. */
export interface Attempt {
  readonly kind: string;
  readonly request: string;
  readonly body?: unknown;
  isAllowed(view: View): boolean;
}

/** Returns a random write of a key, a tree, a service or a session. */
export function randomAttempt(world: GuardedWorld): Attempt {
  const { random } = world;
  const [key, name, node] = [pickFrom(random, keys), pickFrom(random, names), pickFrom(random, names)];
  return pickFrom<Attempt>(random, [
    {
      ...{ kind: "write of a key", request: `PUT /v1/kv/${key}`, body: world.unique() },
      isAllowed: (view) => view.may("key", "write", key),
    },
    {
      ...{ kind: "deletion of a tree", request: `DELETE /v1/kv/${key}?recurse` },
      isAllowed: (view) => view.mayWriteTree(key),
    },
    {
      ...{ kind: "registration", request: "PUT /v1/catalog/register" },
      body: { Node: node, Address: "10.0.0.7", Service: { ID: `${name}-1`, Service: name, Tags: [world.unique()] } },
      isAllowed: (view) =>
        view.may("service", "write", name) &&
        ([...view.state.nodes.values()].some((row) => row.name === node) || view.may("node", "write", node)),
    },
    {
      ...{ kind: "session", request: "PUT /v1/session/create", body: { Node: ownNode, Checks: [] } },
      isAllowed: (view) => view.may("session", "write", ownNode),
    },
  ]);
}
