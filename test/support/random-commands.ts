import fc from "fast-check";
import { defaultAutopilot } from "../../src/model/autopilot.ts";
import type { AclTokenRequest } from "../../src/model/acl.ts";
import { anonymousToken, globalManagementPolicy } from "../../src/acl/builtin.ts";
import { type Member, memberStatuses } from "../../src/model/member.ts";
import { type HistoryPolicy, historyPolicy } from "../../src/model/kv-history.ts";
import type { Session } from "../../src/model/session.ts";
import { valueOrigins } from "../../src/model/value-origin.ts";
import type { TxnOperation } from "../../src/model/txn.ts";
import { getAclBindingRule, getAclPolicy, getAclRole, getAclToken } from "../../src/state/acl-lookup.ts";
import type { Applied } from "../../src/state/apply.ts";
import type { Command, RegisteredRows } from "../../src/state/command.ts";
import { getSession } from "../../src/state/session.ts";
import { SnapshotDecoder, encodeSnapshot } from "../../src/state/snapshot.ts";
import type { State } from "../../src/state/state.ts";
import {
  checkNamed,
  nameTemplate,
  nodeNamed,
  proxyFor,
  queryWithId,
  serviceNamed,
  sessionNamed,
  StateDriver,
} from "./state.ts";

/*
 * Generates random sequences of commands of every kind. There are few names, so that commands collide: a node is registered again
 * in another letter case, loses the check that a session needs, or is registered again with the id of another node.
 */

export const names: {
  readonly nodes: readonly string[];
  readonly services: readonly string[];
  readonly checks: readonly string[];
  readonly keys: readonly string[];
  readonly sessions: readonly string[];
  readonly queries: readonly string[];
  readonly acl: readonly string[];
  readonly trials: readonly string[];
} = {
  nodes: ["n1", "N1", "n2"],
  services: ["a", "A", "b"],
  checks: ["c1", "c2", "serfHealth"],
  keys: ["a", "A", "a/b", "a/b/c", "b", "\u{1F600}", "\uffee"],
  sessions: [1, 2, 3].map((digit) => `6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f1${digit}`),
  queries: [1, 2, 3].map((digit) => `7f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f1${digit}`),
  trials: [1, 2, 3, 4, 5].map((digit) => `af3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f1${digit}`),
  acl: [1, 2, 3].map((digit) => `8f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f1${digit}`),
};

const node = fc.constantFrom(...names.nodes);
const nodeId = fc.constantFrom("", ...[1, 2].map((digit) => `9f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f1${digit}`));
const serviceId = fc.constantFrom(...names.services);
const checkId = fc.constantFrom(...names.checks);
const status = fc.constantFrom("passing", "passing", "warning", "critical");
const key = fc.constantFrom(...names.keys);
const prefix = fc.constantFrom("", "a", "a/", "b");
const value = fc.constantFrom("", "x", "y").map((text) => new TextEncoder().encode(text));
const flags = fc.constantFrom(0n, 7n);
/** An index of a check-and-set, which is sometimes the row's actual index. */
const index = fc.nat(12);
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });
const is = <const T>(name: T): fc.Arbitrary<T> => fc.constant(name);
/** A session id; one in four is empty or unknown. */
const session = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...names.sessions) },
  { weight: 2, arbitrary: fc.constantFrom("", "no-uuid", "00000000-6f0e-4a66-9e1c-0d4f0c6a8f11") },
);

/** Where the values of a command come from, and below which keys it leaves those of operators. */
const author = { origin: fc.constantFrom(...valueOrigins), sparing: fc.constantFrom([], [], ["a"]) };

const anyNode = fc
  .record({ name: node, id: nodeId, address: serviceId })
  .map(({ name, ...more }) => nodeNamed(name, more));
const anyService = fc
  .record({
    ...{ name: serviceId, id: serviceId, tags: fc.constantFrom([], ["t"]), port: fc.constantFrom(80, 81) },
    proxied: fc.option(serviceId, { freq: 2 }),
  })
  .map(({ name, proxied, ...more }) => serviceNamed(name, { ...more, ...proxyFor(proxied) }));
const anyCheck = fc
  .record({ node, id: checkId, serviceId: fc.constantFrom("", "", "a", "b"), status })
  .map(({ id, ...more }) => checkNamed(id, more));
const anySession: fc.Arbitrary<Session> = fc
  .record({
    id: fc.constantFrom(...names.sessions),
    node,
    behavior: fc.constantFrom("release", "delete"),
    nodeChecks: fc.array(checkId, { maxLength: 1 }),
    lockDelayMs: fc.constantFrom(0, 3),
  })
  .map(({ id, ...more }) => sessionNamed(id, more));

const anyRegistration: fc.Arbitrary<RegisteredRows> = fc.record({
  node: anyNode,
  skipNodeUpdate: fc.boolean(),
  service: maybe(anyService),
  checks: fc.array(anyCheck, { maxLength: 2 }),
});
const anyMember: fc.Arbitrary<Member> = fc
  .record({ name: node, id: nodeId, status: fc.constantFrom(...memberStatuses), sinceMs: fc.nat(3) })
  .map(({ id, ...more }) => ({ ...more, address: "10.0.0.1", port: 8301, tags: { id } }));

const queryId = fc.constantFrom(...names.queries);
const anyQuery = fc
  .record({ id: queryId, name: fc.constantFrom("", "a", "A", "ab"), session, isTemplate: fc.boolean() })
  .map(({ id, isTemplate, ...more }) =>
    queryWithId(id, { ...more, ...(isTemplate ? { template: nameTemplate } : {}) }),
  );

const kvVerbs = ["set", "cas", "lock", "unlock", "get", "get-tree", "check-index", "check-session"];
const moreKvVerbs = ["check-not-exists", "delete", "delete-tree", "delete-cas", "nope"];
const catalogVerb = fc.constantFrom("set", "set", "get", "cas", "delete", "delete-cas");
const operation: fc.Arbitrary<TxnOperation> = fc.oneof(
  fc.record({ kind: is("kv"), verb: fc.constantFrom(...kvVerbs, ...moreKvVerbs), key, value, flags, index, session }),
  fc.record({ kind: is("node"), verb: catalogVerb, node: anyNode, index }),
  fc.record({ kind: is("service"), verb: catalogVerb, node, service: anyService, index }),
  fc.record({ kind: is("check"), verb: catalogVerb, check: anyCheck, index }),
);

/** An id of an object of access control; one in three is that of a builtin, or malformed. */
const aclId = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...names.acl) },
  { weight: 2, arbitrary: fc.constantFrom(globalManagementPolicy.id, anonymousToken.accessorId) },
  { weight: 1, arbitrary: is("no-uuid") },
);
const aclName = fc.constantFrom("p1", "P1", "p2", "no name");
const aclLinks = fc.array(fc.record({ id: fc.constantFrom("", ...names.acl), name: aclName }), { maxLength: 2 });
const nowMs = fc.constantFrom(0, 3_600_000);
const serviceIdentities = fc.array(
  fc.record({ serviceName: fc.constantFrom("a", "a", "b", ""), datacenters: fc.constantFrom([], ["dc1"]) }),
  { maxLength: 2 },
);
const noIdentities = { serviceIdentities: is([]), nodeIdentities: is([]) };
const isNew = fc.boolean();
const anyAclToken: fc.Arbitrary<AclTokenRequest> = fc.record({
  ...{
    accessorId: aclId,
    secretId: fc.oneof(aclId, is("")),
    description: aclName,
    policies: aclLinks,
    roles: aclLinks,
  },
  ...{ serviceIdentities, nodeIdentities: is([]), local: fc.boolean(), authMethod: fc.constantFrom("", "", "m1") },
  ...{ expirationTime: is(null), expirationTtlMs: fc.constantFrom(0, 0, 60_000, 1), rules: is("") },
});
const trialId = fc.constantFrom(...names.trials);
const trialChange = fc.record({
  key,
  content: maybe(fc.record({ value, flags })),
  cas: fc.option(index, { freq: 3, nil: undefined }),
});
const userName = fc.constantFrom("u1", "U1", "u2", "no name");
const methodName = fc.constantFrom("m1", "M1", "m2");
const anyLegacyToken = fc.record({
  ...{ accessorId: aclId, secretId: fc.constantFrom("old", "anonymous", "manage", ...names.acl), description: aclName },
  ...{ type: fc.constantFrom("client" as const, "management" as const), rules: fc.constantFrom("", 'key "" {}') },
});

type Commands = { readonly [Type in Command["type"]]: fc.Arbitrary<Extract<Command, { type: Type }> | RestoreEarlier> };

/** A step that restores a snapshot of the state before the last `stepsAgo` steps, modulo the number of states so far. */
interface RestoreEarlier {
  readonly type: "restore";
  readonly stepsAgo: number;
}

/** One generator for each kind of command. The type makes the compiler report a missing generator. */
const commands: Commands = {
  "kv-set": fc.record({ type: is("kv-set"), key, value, flags, cas: maybe(index), ...author }),
  "kv-delete": fc.record({ type: is("kv-delete"), key, cas: maybe(index), ...author }),
  "kv-delete-tree": fc.record({ type: is("kv-delete-tree"), prefix, ...author }),
  "kv-lock": fc.record({ type: is("kv-lock"), key, value, flags, session }),
  "kv-unlock": fc.record({ type: is("kv-unlock"), key, value, flags, session }),
  "kv-set-branch": fc.record({
    type: is("kv-set-branch"),
    entries: fc.array(fc.record({ key, value }), { maxLength: 3 }),
  }),
  "kv-delete-branch": fc.record({ type: is("kv-delete-branch"), key, below: fc.boolean() }),
  "kv-rollback": fc.record({ type: is("kv-rollback"), key, recurse: fc.boolean(), to: fc.nat(40), seen: maybe(index) }),
  "kv-reset": fc.record({ type: is("kv-reset"), key, recurse: fc.boolean(), seen: maybe(index) }),
  "kv-trial-start": fc.record({
    type: is("kv-trial-start"),
    trial: fc.record({
      ...{ id: trialId, services: fc.array(serviceId, { maxLength: 1 }), stageMs: is(1_000) },
      needsConfirm: fc.boolean(),
    }),
    stages: fc.array(fc.array(trialChange, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 2 }),
    atMs: nowMs,
  }),
  "kv-trial-proceed": fc.record({
    type: is("kv-trial-proceed"),
    id: trialId,
    stage: fc.constantFrom(1, 1, 2),
    atMs: nowMs,
  }),
  "kv-trial-keep": fc.record({ type: is("kv-trial-keep"), id: trialId, atMs: nowMs }),
  "kv-trial-undo": fc.record({ type: is("kv-trial-undo"), id: trialId, why: is("asked"), atMs: nowMs }),
  "session-create": fc.record({ type: is("session-create"), session: anySession }),
  "session-destroy": fc.record({ type: is("session-destroy"), id: session }),
  txn: fc.record({ type: is("txn"), operations: fc.array(operation, { minLength: 1, maxLength: 4 }), ...author }),
  register: anyRegistration.map((rows) => ({ type: "register", ...rows })),
  deregister: fc.record({
    type: is("deregister"),
    node,
    serviceId: maybe(serviceId),
    checkId: maybe(checkId),
  }),
  "prepared-query-put": fc.record({ type: is("prepared-query-put"), query: anyQuery, update: fc.boolean() }),
  "prepared-query-delete": fc.record({ type: is("prepared-query-delete"), id: queryId }),
  "member-set": fc.record({ type: is("member-set"), member: anyMember, registration: maybe(anyRegistration) }),
  "member-delete": fc.record({ type: is("member-delete"), name: node }),
  "autopilot-set": fc.record({
    type: is("autopilot-set"),
    settings: fc.nat(2).map((minQuorum) => ({ ...defaultAutopilot, minQuorum })),
    cas: maybe(index),
  }),
  "signing-authority-create": fc.record({
    type: is("signing-authority-create"),
    authority: fc.nat(2).map((n) => ({ trustDomain: `${n}.consul`, certificate: `c${n}`, key: `k${n}` })),
  }),
  "acl-initialize": fc.record({
    type: is("acl-initialize"),
    master: maybe(fc.record({ accessorId: fc.uuid(), secretId: is("master") })),
    nowMs,
  }),
  "acl-bootstrap": fc.record({
    ...{ type: is("acl-bootstrap"), accessorId: fc.uuid(), secretId: fc.uuid() },
    ...{ resetIndex: fc.nat(3), nowMs },
  }),
  "acl-policy-set": fc.record({
    type: is("acl-policy-set"),
    policy: fc.record({ id: aclId, name: aclName, description: is(""), rules: aclName, datacenters: is([]) }),
    ...{ isNew, rulesFault: fc.constantFrom(undefined, undefined, "a fault") },
  }),
  "acl-policy-delete": fc.record({ type: is("acl-policy-delete"), id: aclId }),
  "acl-role-set": fc.record({
    type: is("acl-role-set"),
    role: fc.record({ id: aclId, name: aclName, description: is(""), policies: aclLinks, ...noIdentities }),
    isNew,
  }),
  "acl-role-delete": fc.record({ type: is("acl-role-delete"), id: aclId }),
  "acl-token-set": fc.record({ type: is("acl-token-set"), token: anyAclToken, isNew, nowMs }),
  "acl-tokens-delete": fc.record({ type: is("acl-tokens-delete"), accessorIds: fc.array(aclId, { maxLength: 2 }) }),
  "acl-login": fc.record({
    ...{
      type: is("acl-login"),
      accessorId: fc.uuid(),
      secretId: fc.uuid(),
      authMethod: methodName,
      description: is(""),
    },
    bindings: fc.record({
      serviceIdentities: is([]),
      nodeIdentities: is([]),
      roleNames: fc.array(aclName, { maxLength: 2 }),
    }),
    nowMs,
  }),
  "acl-logout": fc.record({ type: is("acl-logout"), secretId: fc.constantFrom("old", "anonymous") }),
  "acl-auth-method-set": fc.record({
    type: is("acl-auth-method-set"),
    method: fc.record({
      ...{
        name: methodName,
        type: fc.constantFrom("jwt", "userpass", "userpass", "kubernetes", ""),
        displayName: is(""),
      },
      ...{ description: is(""), maxTokenTtlMs: fc.constantFrom(0, 1), tokenLocality: is(""), config: is({}) },
    }),
    configFault: fc.constantFrom(undefined, undefined, "a fault"),
  }),
  "acl-auth-method-delete": fc.record({ type: is("acl-auth-method-delete"), name: methodName }),
  "acl-binding-rule-set": fc.record({
    type: is("acl-binding-rule-set"),
    rule: fc.record({
      ...{ id: aclId, description: is(""), authMethod: methodName, selector: fc.constantFrom("", "value.a==b", "==") },
      ...{ bindType: fc.constantFrom("service", "role"), bindName: fc.constantFrom("web", "${value.a}") },
    }),
    isNew,
  }),
  "acl-binding-rule-delete": fc.record({ type: is("acl-binding-rule-delete"), id: aclId }),
  "acl-user-set": fc.record({
    ...{ type: is("acl-user-set"), authMethod: methodName, name: userName },
    groups: fc.constantFrom(undefined, [], ["g", "g"], ["no group"]),
    passwordHash: fc.constantFrom(undefined, "hash", "another hash"),
  }),
  "acl-user-delete": fc.record({ type: is("acl-user-delete"), authMethod: methodName, name: userName }),
  "acl-legacy-set": fc.record({
    ...{ type: is("acl-legacy-set"), token: anyLegacyToken, rulesFault: fc.constantFrom(undefined, "a fault") },
  }),
  "acl-legacy-delete": fc.record({ type: is("acl-legacy-delete"), secretId: fc.constantFrom("old", "anonymous") }),
  restore: fc.record({ type: is("restore"), stepsAgo: fc.nat(20) }),
};

/** The frequencies of the commands. Commands that create are more frequent than commands that delete, so that tables fill. */
const weights: { readonly [Type in Command["type"]]: number } = {
  "kv-set": 4,
  "kv-delete": 2,
  "kv-delete-tree": 1,
  "kv-lock": 12,
  "kv-unlock": 2,
  "kv-set-branch": 2,
  "kv-delete-branch": 1,
  "kv-rollback": 3,
  "kv-reset": 3,
  "kv-trial-start": 6,
  "kv-trial-proceed": 2,
  "kv-trial-keep": 1,
  "kv-trial-undo": 2,
  "session-create": 10,
  "session-destroy": 3,
  txn: 5,
  register: 10,
  deregister: 3,
  "prepared-query-put": 4,
  "prepared-query-delete": 1,
  "member-set": 6,
  "member-delete": 1,
  "autopilot-set": 1,
  "signing-authority-create": 1,
  "acl-initialize": 2,
  "acl-bootstrap": 1,
  "acl-policy-set": 4,
  "acl-policy-delete": 1,
  "acl-role-set": 3,
  "acl-role-delete": 1,
  "acl-token-set": 6,
  "acl-tokens-delete": 1,
  "acl-login": 3,
  "acl-logout": 1,
  "acl-auth-method-set": 3,
  "acl-auth-method-delete": 1,
  "acl-binding-rule-set": 3,
  "acl-binding-rule-delete": 1,
  "acl-user-set": 3,
  "acl-user-delete": 1,
  "acl-legacy-set": 2,
  "acl-legacy-delete": 1,
  restore: 1,
};

const wish: fc.Arbitrary<Command | RestoreEarlier> = fc.oneof(
  ...Object.entries(commands).map(([type, arbitrary]) => ({ arbitrary, weight: weights[type as Command["type"]] })),
);

/** Generates commands of every kind but restores, which need an earlier state. */
export const anyCommand: fc.Arbitrary<Command> = wish.filter((command): command is Command => !("stepsAgo" in command));

const step: fc.Arbitrary<RandomStep> = fc.record({ command: wish, laterMs: fc.nat(2) });

interface RandomStep {
  readonly command: Command | RestoreEarlier;
  readonly laterMs: number;
}

export type Steps = readonly RandomStep[];

/** The steps with which four of five sequences begin: they register two healthy nodes with a service. */
const prelude: Steps = ["n1", "n2"].map((name) => {
  const checks = names.checks.map((id) => checkNamed(id, { status: "passing" }));
  const service = serviceNamed("a");
  return { command: { type: "register", node: nodeNamed(name), skipNodeUpdate: false, service, checks }, laterMs: 0 };
});

// Without the option `size`, fast-check makes at most ten steps.
const anySteps = fc.array(step, { maxLength: 50, size: "max" });

export const randomSteps: fc.Arbitrary<Steps> = fc.oneof(
  { arbitrary: anySteps, weight: 1 },
  { arbitrary: anySteps.map((others) => [...prelude, ...others]), weight: 4 },
);

/** A command that was applied, with the states before and after it. */
export interface Step {
  readonly command: Command;
  readonly before: State;
  readonly applied: Applied;
  /** The state after the command. */
  readonly state: State;
  readonly nowMs: number;
}

/** A policy that drops changes soon, since sequences are short. */
export const shortHistory: HistoryPolicy = historyPolicy(
  [
    { prefix: "", changesMax: 3, ageMsMax: 60 },
    { prefix: "a/b/", changesMax: 0, ageMsMax: 0 },
  ],
  1_000,
);

/** Applies the steps to an empty state, calls `look` after each step, and returns the driver with the last state. */
export function takeSteps(steps: Steps, look: (step: Step, driver: StateDriver) => void = () => {}): StateDriver {
  const driver = new StateDriver(shortHistory);
  const seen = [driver.state];
  let nowMs = 0;
  for (const { command: wish, laterMs } of steps) {
    nowMs += laterMs;
    const before = driver.state;
    const command = commandOf(wish, seen);
    if (!isPossible(before, command)) continue;
    const applied = driver.run(command, nowMs);
    look({ command, before, applied, state: driver.state, nowMs }, driver);
    seen.push(driver.state);
  }
  return driver;
}

function commandOf(wish: Command | RestoreEarlier, seen: readonly State[]): Command {
  if (!("stepsAgo" in wish)) return wish;
  const earlier = seen.at(-1 - (wish.stepsAgo % seen.length));
  if (!earlier) throw new Error("there is always the state at the start");
  return { type: "restore", snapshot: savedAndRead(earlier) };
}

/** Returns whether the command can occur: the ids that the agent makes for a new object are ones that no object has. */
function isPossible(state: State, command: Command): boolean {
  switch (command.type) {
    case "session-create":
      return !getSession(state, command.session.id);
    case "acl-policy-set":
      return !command.isNew || !getAclPolicy(state, command.policy.id);
    case "acl-role-set":
      return !command.isNew || !getAclRole(state, command.role.id);
    case "acl-binding-rule-set":
      return !command.isNew || !getAclBindingRule(state, command.rule.id);
    case "acl-legacy-set":
      return !getAclToken(state, command.token.accessorId) && command.token.accessorId !== anonymousToken.accessorId;
    default:
      return true;
  }
}

/** Saves a snapshot of the state, and returns the state that is restored from it in blocks of `blockBytes` bytes. */
export function savedAndRead(state: State, blockBytes = 97): State {
  const bytes = Buffer.concat([...encodeSnapshot(state)]);
  const decoder = new SnapshotDecoder();
  for (let at = 0; at < bytes.length; at += blockBytes) decoder.add(bytes.subarray(at, at + blockBytes));
  return decoder.finish();
}
