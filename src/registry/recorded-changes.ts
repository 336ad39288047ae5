import { isRead, type TxnOperation } from "../model/txn.ts";
import type { Command, Outcome } from "../state/command.ts";
import type { Caller } from "./caller.ts";
import { PassingCaller } from "./passing-caller.ts";
import { PassingRegistry } from "./passing-registry.ts";
import type { Registry } from "./registry.ts";

/** A change that a request has made: what kind of command did it, what it changed, and when. It holds no value and no secret. */
export interface RecordedChange {
  /** "kv-set", "register", "acl-token-set", ...; in a transaction, the kind and the verb of the operation: "kv set". */
  readonly command: string;
  /** The key, or the prefix of deleted keys. */
  readonly key?: string;
  readonly node?: string;
  /** The id of the service, check, session, query, policy, role or token (its accessor id). */
  readonly id?: string;
  /**
   * The index of the state with which the change became visible: its own, or that of the last of the changes that were committed
   * together with it.
   */
  readonly index: number;
}

type Described = Omit<RecordedChange, "index">;

/** Maximum number of changes of one request that are described; of a larger transaction only these are. */
const describedMax = 128;

/** Returns the caller with a registry that adds each change which it makes to `changes`. */
export function recordingCaller(caller: Caller, changes: RecordedChange[]): Caller {
  return new PassingCaller(caller, new RecordingRegistry(caller.registry, changes));
}

/** The registry of one request, which records the changes that the request makes. */
class RecordingRegistry extends PassingRegistry {
  readonly #changes: RecordedChange[];

  constructor(registry: Registry, changes: RecordedChange[]) {
    super(registry);
    this.#changes = changes;
  }

  override async submit(command: Command): Promise<Outcome> {
    const outcome = await this.registry.submit(command);
    this.#record(command, outcome);
    return outcome;
  }

  override async submitTogether(commands: readonly Command[]): Promise<readonly Outcome[]> {
    const outcomes = await this.registry.submitTogether(commands);
    for (const [at, outcome] of outcomes.entries()) {
      const command = commands[at];
      if (command) this.#record(command, outcome);
    }
    return outcomes;
  }

  override async submitAsLeader(command: Command): Promise<Outcome> {
    const outcome = await this.registry.submitAsLeader(command);
    this.#record(command, outcome);
    return outcome;
  }

  #record(command: Command, { type, spared = [] }: Outcome): void {
    if (type !== "done" && type !== "deleted" && type !== "results") return;
    const { index } = this.registry;
    const changes = describe(command).filter(({ key }) => key === undefined || !spared.includes(key));
    for (const change of changes.slice(0, describedMax - this.#changes.length))
      this.#changes.push({ ...change, index });
  }
}

type CommandOf<Type extends Command["type"]> = Extract<Command, { readonly type: Type }>;

type Details = Omit<Described, "command">;

type Describers = { readonly [Type in Command["type"]]?: (command: CommandOf<Type>) => Details | readonly Details[] };

const byKey = ({ key }: { readonly key: string }): Details => ({ key });
const byId = ({ id }: { readonly id: string }): Details => ({ id });
const byAccessor = ({ accessorId: id }: { readonly accessorId: string }): Details => ({ id });

const byUser = ({ authMethod, name }: { readonly authMethod: string; readonly name: string }): Details => ({
  id: `${authMethod}/${name}`,
});

/** The names and ids that each type of command changes. A type without a row is recorded by its name alone, so that no secret is. */
const describers: Describers = {
  "kv-set": byKey,
  "kv-lock": byKey,
  "kv-unlock": byKey,
  "kv-delete": byKey,
  "kv-delete-branch": byKey,
  "kv-delete-tree": ({ prefix }) => ({ key: prefix }),
  "kv-rollback": byKey,
  "kv-reset": byKey,
  "kv-trial-start": ({ trial, stages }) => stages.flat().map(({ key }) => ({ key, id: trial.id })),
  "kv-trial-keep": byId,
  "kv-trial-undo": byId,
  "kv-set-branch": ({ entries }) => entries.map(byKey),
  "session-create": ({ session }) => ({ id: session.id, node: session.node }),
  "session-destroy": byId,
  "prepared-query-put": ({ query }) => byId(query),
  "prepared-query-delete": byId,
  register: ({ node, service }) => ({ node: node.name, ...(service && { id: service.id }) }),
  deregister({ node, serviceId, checkId }) {
    const id = serviceId ?? checkId;
    return { node, ...(id !== undefined && { id }) };
  },
  "acl-bootstrap": byAccessor,
  "acl-policy-set": ({ policy }) => byId(policy),
  "acl-policy-delete": byId,
  "acl-role-set": ({ role }) => byId(role),
  "acl-role-delete": byId,
  "acl-token-set": ({ token }) => byAccessor(token),
  "acl-tokens-delete": ({ accessorIds }) => accessorIds.map((id) => ({ id })),
  "acl-legacy-set": ({ token }) => byAccessor(token),
  "acl-auth-method-set": ({ method }) => ({ id: method.name }),
  "acl-auth-method-delete": ({ name }) => ({ id: name }),
  "acl-binding-rule-set": ({ rule }) => byId(rule),
  "acl-binding-rule-delete": byId,
  "acl-user-set": byUser,
  "acl-user-delete": byUser,
};

/** Returns what a command changes, by names and ids. Tokens are named by their accessor ids, never by their secrets. */
function describe(command: Command): readonly Described[] {
  const { type } = command;
  if (type === "txn") return command.operations.filter((operation) => !isRead(operation)).map(describeOperation);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each describer is stored under the type of its command
  const describer = describers[type] as ((command: Command) => Details | readonly Details[]) | undefined;
  const details = describer?.(command) ?? {};
  return [details].flat().map((each) => ({ command: type, ...each }));
}

function describeOperation(operation: TxnOperation): Described {
  const command = `${operation.kind} ${operation.verb}`;
  switch (operation.kind) {
    case "kv":
      return { command, key: operation.key };
    case "node":
      return { command, node: operation.node.name };
    case "service":
      return { command, node: operation.node, id: operation.service.id };
    case "check":
      return { command, node: operation.check.node, id: operation.check.id };
  }
}
