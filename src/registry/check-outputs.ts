import type { CheckRow } from "../model/check.ts";
import { rowKey } from "../state/row-key.ts";

/** Called with the node and service ("" for the node's own check) whose answers show another output now. */
export type OutputListener = (node: string, serviceName: string) => void;

interface Printed {
  readonly output: string;
  readonly serviceName: string;
}

/**
 * What the checks of this agent last printed. It changes all the time and says nothing new, so it never reaches the
 * disk and moves no index; answers show it beside the stored status. Consul writes it out every five minutes instead.
 */
export class CheckOutputs {
  readonly #outputs = new Map<string, Printed>();
  readonly #listeners: OutputListener[] = [];

  onChange(listener: OutputListener): void {
    this.#listeners.push(listener);
  }

  get(node: string, checkId: string): string | undefined {
    return this.#outputs.get(rowKey(node, checkId))?.output;
  }

  /** The output to show for a check: the last one on this agent, else the one stored with the check. */
  outputOf({ node, id, output }: CheckRow): string {
    return this.get(node, id) ?? output;
  }

  set(check: { readonly node: string; readonly id: string; readonly serviceName: string }, output: string): void {
    const key = rowKey(check.node, check.id);
    if (this.#outputs.get(key)?.output === output) return;
    this.#outputs.set(key, { output, serviceName: check.serviceName });
    this.#tell(check.node, check.serviceName);
  }

  delete(node: string, checkId: string): void {
    const key = rowKey(node, checkId);
    const known = this.#outputs.get(key);
    if (known === undefined) return;
    this.#outputs.delete(key);
    this.#tell(node, known.serviceName);
  }

  #tell(node: string, serviceName: string): void {
    for (const listener of this.#listeners) listener(node, serviceName);
  }
}
