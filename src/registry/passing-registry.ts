import type { Command, Outcome } from "../state/command.ts";
import type { State } from "../state/state.ts";
import type { Topic } from "../state/topics.ts";
import type { Query } from "./query.ts";
import type { CommitListener, Consistency, Registry } from "./registry.ts";
import type { Waiter } from "./watches.ts";

/** Passes everything on to another registry. A class that extends it changes what it has to do itself. */
export class PassingRegistry implements Registry {
  protected readonly registry: Registry;

  constructor(registry: Registry) {
    this.registry = registry;
  }

  get state(): State {
    return this.registry.state;
  }

  get index(): number {
    return this.registry.index;
  }

  read<T>(query: Query<T>): T {
    return this.registry.read(query);
  }

  submit(command: Command): Promise<Outcome> {
    return this.registry.submit(command);
  }

  submitTogether(commands: readonly Command[]): Promise<readonly Outcome[]> {
    return this.registry.submitTogether(commands);
  }

  submitAsLeader(command: Command): Promise<Outcome> {
    return this.registry.submitAsLeader(command);
  }

  get refusal(): unknown {
    return this.registry.refusal;
  }

  get closed(): boolean {
    return this.registry.closed;
  }

  get leads(): boolean {
    return this.registry.leads;
  }

  onRole(listener: () => void): void {
    this.registry.onRole(listener);
  }

  freshen(consistency: Consistency): Promise<void> | undefined {
    return this.registry.freshen(consistency);
  }

  indexOf(topics: readonly Topic[]): number {
    return this.registry.indexOf(topics);
  }

  wait(topics: readonly Topic[], waiter: Waiter): () => void {
    return this.registry.wait(topics, waiter);
  }

  watchersOf(key: string): number {
    return this.registry.watchersOf(key);
  }

  follow(listener: CommitListener): void {
    this.registry.follow(listener);
  }

  touch(topic: Topic): void {
    this.registry.touch(topic);
  }
}
