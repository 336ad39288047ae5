import { allows, type Rights } from "../acl/rights.ts";
import { OperatingError } from "../lib/errors.ts";
import type { Check } from "../model/check.ts";
import type { PastKeys } from "../model/kv-history.ts";
import type { Node } from "../model/node.ts";
import { isNamed, type PreparedQuery } from "../model/prepared-query.ts";
import type { TxnError, TxnOperation, TxnResult } from "../model/txn.ts";
import type { Command, Deregister, RegisteredRows, Txn } from "../state/command.ts";
import { getKvTrial } from "../state/kv-trial.ts";
import { getCheck, getNode, getService } from "../state/lookup.ts";
import { getPreparedQuery } from "../state/prepared-query.ts";
import { getSession } from "../state/session.ts";
import type { State } from "../state/state.ts";

/*
 * Each command needs a permission of its caller. The rules are those of Consul 1.8, seen by asking it, except where a comment says
 * otherwise.
 */

/** @param missing the permission that the caller lacks, where Consul names it, such as "service:write on web" */
export function permissionDenied(missing?: string): OperatingError {
  const what = missing === undefined ? "" : `: Missing ${missing}`;
  return new OperatingError("forbidden", "permission-denied", `Permission denied${what}`);
}

type CommandOf<Type extends Command["type"]> = Extract<Command, { readonly type: Type }>;

type Guards = {
  readonly [Type in Exclude<Command["type"], "txn">]: (
    command: CommandOf<Type>,
    rights: Rights,
    state: State,
  ) => boolean;
};

/** For each type of command, whether a caller with these rights may run it on this state. A transaction has its own rule below. */
const guards: Guards = {
  "kv-set": ({ key }, rights) => rights.may("key", "write", key),
  "kv-delete": ({ key }, rights) => rights.may("key", "write", key),
  "kv-delete-tree": ({ prefix }, rights) => rights.mayWriteTree(prefix),
  "kv-lock": ({ key }, rights) => rights.may("key", "write", key),
  "kv-unlock": ({ key }, rights) => rights.may("key", "write", key),
  "kv-set-branch": ({ entries }, rights) => entries.every(({ key }) => rights.may("key", "write", key)),
  "kv-delete-branch": ({ key, below }, rights) =>
    rights.may("key", "write", key) && (!below || rights.mayWriteTree(`${key}/`)),
  "kv-rollback": mayWriteKeys,
  "kv-reset": mayWriteKeys,
  "kv-trial-start": ({ stages, trial }, rights) =>
    stages.flat().every(({ key }) => rights.may("key", "write", key)) &&
    trial.services.every((service) => rights.may("service", "read", service)),
  // Only the leader itself judges when the time is over.
  "kv-trial-proceed": () => false,
  "kv-trial-keep": ({ id }, rights, state) => mayEndTrial(id, rights, state),
  "kv-trial-undo": ({ id }, rights, state) => mayEndTrial(id, rights, state),
  "session-create": ({ session }, rights) => rights.may("session", "write", session.node),
  "session-destroy": ({ id }, rights, state) => {
    const known = getSession(state, id);
    return !known || rights.may("session", "write", known.node);
  },
  "prepared-query-put": ({ query }, rights, state) =>
    mayWriteQuery(query, rights) && mayWriteQuery(getPreparedQuery(state, query.id), rights),
  "prepared-query-delete": ({ id }, rights, state) => mayWriteQuery(getPreparedQuery(state, id), rights),
  register: (command, rights, state) => mayRegister(command, rights, state),
  deregister: (command, rights, state) => mayDeregister(command, rights, state),
  // Only the leader itself judges which agents are members.
  "member-set": () => false,
  "member-delete": () => false,
  // It is for callers without any token, and only once.
  "acl-bootstrap": () => true,
  // Only the leader itself creates the builtin objects.
  "acl-initialize": () => false,
  "acl-policy-set": mayWriteAcl,
  "acl-policy-delete": mayWriteAcl,
  "acl-role-set": mayWriteAcl,
  "acl-role-delete": mayWriteAcl,
  "acl-token-set": mayWriteAcl,
  "acl-tokens-delete": mayWriteAcl,
  // A client that logs in has no token yet, so its token is created for no caller.
  "acl-login": () => false,
  // The client knows the secret of the token.
  "acl-logout": () => true,
  "acl-auth-method-set": mayWriteAcl,
  "acl-auth-method-delete": mayWriteAcl,
  "acl-binding-rule-set": mayWriteAcl,
  "acl-binding-rule-delete": mayWriteAcl,
  "acl-user-set": mayWriteAcl,
  "acl-user-delete": mayWriteAcl,
  "acl-legacy-set": mayWriteAcl,
  "acl-legacy-delete": mayWriteAcl,
  "autopilot-set": (_command, rights) => rights.may("operator", "write"),
  // Only the servers themselves create their authority.
  "signing-authority-create": () => false,
  restore: mayWriteAcl,
};

function mayWriteKeys({ key, recurse }: PastKeys, rights: Rights): boolean {
  return recurse ? rights.mayWriteTree(key) : rights.may("key", "write", key);
}

function mayEndTrial(id: string, rights: Rights, state: State): boolean {
  return getKvTrial(state, id)?.keys.every(({ key }) => rights.may("key", "write", key)) ?? true;
}

function mayWriteAcl(_command: Command, rights: Rights): boolean {
  return rights.may("acl", "write");
}

/** Throws unless a caller with these rights may run the command on this state. @throws OperatingError forbidden */
export function demandFor(command: Exclude<Command, Txn>, rights: Rights, state: State): void {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each guard is stored under the type of its command
  const guard = guards[command.type] as (command: Command, rights: Rights, state: State) => boolean;
  if (!allows(rights, (asked) => guard(command, asked, state))) throw permissionDenied();
}

/** Consul: a query without a name and without a template needs no permission. */
function mayWriteQuery(query: PreparedQuery | undefined, rights: Rights): boolean {
  return !query || !isNamed(query) || rights.may("query", "write", query.name);
}

/**
 * Consul: a caller that registers a service may send its node along without a permission for the node, as long as nothing of it changes.
 */
function mayRegister({ node, service, checks, skipNodeUpdate }: RegisteredRows, rights: Rights, state: State): boolean {
  const known = getNode(state, node.name);
  const changesNode = !known || (!skipNodeUpdate && !isSameNode(known, node));
  if (changesNode && !rights.may("node", "write", node.name)) return false;
  if (service) {
    const replaced = getService(state, node.name, service.id);
    if (!rights.may("service", "write", service.name)) return false;
    if (replaced && !rights.may("service", "write", replaced.name)) return false;
  }
  return checks.every(({ id, serviceId }) => {
    const of = service?.id === serviceId ? service : getService(state, node.name, serviceId);
    if (serviceId !== "" && !of) throw unknownRow(`Unknown service '${serviceId}' for check '${id}'`);
    return mayWriteCheck({ node: node.name, serviceId, serviceName: of?.name }, rights);
  });
}

function isSameNode(known: Node, { id, address, taggedAddresses, meta }: Node): boolean {
  return (
    known.id === id &&
    known.address === address &&
    isSameMap(known.taggedAddresses, taggedAddresses) &&
    isSameMap(known.meta, meta)
  );
}

function isSameMap(left: Readonly<Record<string, string>> | null, right: Readonly<Record<string, string>> | null) {
  const [mine, theirs] = [Object.entries(left ?? {}), Object.keys(right ?? {})];
  return mine.length === theirs.length && mine.every(([key, value]) => right?.[key] === value);
}

function mayDeregister({ node, serviceId, checkId }: Deregister, rights: Rights, state: State): boolean {
  if (rights.may("node", "write", node)) return true;
  if (serviceId !== undefined) {
    const service = getService(state, node, serviceId);
    if (!service) throw unknownRow(`Unknown service '${serviceId}'`);
    return rights.may("service", "write", service.name);
  }
  if (checkId === undefined) return false;
  const check = getCheck(state, node, checkId);
  if (!check) throw unknownRow(`Unknown check '${checkId}'`);
  return mayWriteCheck({ node, serviceId: check.serviceId, serviceName: check.serviceName }, rights);
}

function unknownRow(text: string): OperatingError {
  return new OperatingError("conflict", "unknown-row", text);
}

/** @param serviceName undefined if no service has the check's service id */
function mayWriteCheck(
  check: { readonly node: string; readonly serviceId: string; readonly serviceName: string | undefined },
  rights: Rights,
): boolean {
  if (check.serviceId === "") return rights.may("node", "write", check.node);
  return check.serviceName !== undefined && rights.may("service", "write", check.serviceName);
}

/** Returns an error for each operation that a caller with these rights may not run. */
export function deniedIn(operations: readonly TxnOperation[], rights: Rights, state: State): readonly TxnError[] {
  return operations.flatMap((operation, at) =>
    allows(rights, (asked) => mayRun(operation, asked, state)) ? [] : [{ at, what: permissionDenied().message }],
  );
}

/** The permissions that verbs of key operations need. A verb that is not here needs to write the key. */
const keyVerbs: Readonly<Record<string, (key: string, rights: Rights) => boolean>> = {
  // The results are narrowed.
  get: () => true,
  "get-tree": () => true,
  "check-index": (key, rights) => rights.may("key", "read", key),
  "check-session": (key, rights) => rights.may("key", "read", key),
  "delete-tree": (key, rights) => rights.mayWriteTree(key),
};

function mayRun(operation: TxnOperation, rights: Rights, state: State): boolean {
  switch (operation.kind) {
    case "kv":
      return (keyVerbs[operation.verb] ?? mayWriteKey)(operation.key, rights);
    case "node":
      return operation.verb === "get" || rights.may("node", "write", operation.node.name);
    case "service":
      return operation.verb === "get" || mayChangeService(operation.node, operation.service, rights, state);
    case "check":
      return operation.verb === "get" || mayChangeCheck(operation.check, rights, state);
  }
}

function mayWriteKey(key: string, rights: Rights): boolean {
  return rights.may("key", "write", key);
}

function mayChangeService(
  node: string,
  { id, name }: { readonly id: string; readonly name: string },
  rights: Rights,
  state: State,
): boolean {
  const known = getService(state, node, id);
  return rights.may("service", "write", name) && (!known || rights.may("service", "write", known.name));
}

/**
 * Consul judges by the service name that the caller gives, and stores the check under the service id that it gives beside. Here the
 * service that has the id counts too, so that no caller turns the check of another's service.
 */
function mayChangeCheck({ node, id, serviceId, serviceName }: Check, rights: Rights, state: State): boolean {
  const known = getCheck(state, node, id);
  if (known && !mayWriteCheck(known, rights)) return false;
  const owner = getService(state, node, serviceId)?.name ?? serviceName;
  return mayWriteCheck({ node, serviceId, serviceName: owner }, rights);
}

/** Returns the results that a caller with these rights may read. */
export function readableResults(results: readonly TxnResult[], rights: Rights): readonly TxnResult[] {
  return results.filter(({ kind, row }) => {
    switch (kind) {
      case "kv":
        return rights.may("key", "read", row.key);
      case "node":
        return rights.may("node", "read", row.name);
      case "service":
        return rights.may("service", "read", row.name);
      case "check":
        return row.serviceName === ""
          ? rights.may("node", "read", row.node)
          : rights.may("service", "read", row.serviceName);
    }
  });
}
