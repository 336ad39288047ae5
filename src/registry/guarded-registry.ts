import type { Rights } from "../acl/rights.ts";
import type { Command, Outcome } from "../state/command.ts";
import { narrow } from "../state/narrow.ts";
import type { State } from "../state/state.ts";
import { PassingRegistry } from "./passing-registry.ts";
import { deniedIn, demandFor, permissionDenied, readableResults } from "./permissions.ts";
import type { Query } from "./query.ts";
import type { Registry } from "./registry.ts";

/**
 * The registry as one caller may use it: without the rows that the caller may not read, and refusing the commands that it may not
 * run. Everything that serves clients gets a registry of this kind, so no endpoint can forget to ask for a permission.
 *
 * The caller's rights are looked up at each use, since a token can be deleted while its request waits. Indexes are those of all
 * rows, as in Consul: a change that the caller may not see wakes its blocking queries, too.
 */
export class GuardedRegistry extends PassingRegistry {
  readonly #rights: () => Rights;

  /** @param rights returns the caller's rights. @throws OperatingError forbidden when its token does not exist */
  constructor(registry: Registry, rights: () => Rights) {
    super(registry);
    this.#rights = rights;
  }

  override get state(): State {
    return narrow(this.registry.state, this.#rights());
  }

  override read<T>(query: Query<T>): T {
    return query.readAs ? query.readAs(this.registry.state, this.#rights()) : query.read(this.state);
  }

  override async submit(command: Command): Promise<Outcome> {
    const rights = this.#rights();
    const { state } = this.registry;
    if (command.type !== "txn") {
      demandFor(command, rights, state);
      return this.registry.submit(command);
    }
    const errors = deniedIn(command.operations, rights, state);
    if (errors.length > 0) return { type: "failed", errors };
    const outcome = await this.registry.submit(command);
    return outcome.type === "results" ? { ...outcome, results: readableResults(outcome.results, rights) } : outcome;
  }

  override async submitTogether(commands: readonly Command[]): Promise<readonly Outcome[]> {
    const rights = this.#rights();
    const { state } = this.registry;
    for (const command of commands)
      if (command.type !== "txn") demandFor(command, rights, state);
      else if (deniedIn(command.operations, rights, state).length > 0) throw permissionDenied();
    return this.registry.submitTogether(commands);
  }

  /** Refuses: what only the leader decides, it decides for no caller. */
  override submitAsLeader(): Promise<never> {
    return Promise.reject(permissionDenied());
  }
}
