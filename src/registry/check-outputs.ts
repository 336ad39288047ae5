import type { CheckRow } from "../model/check.ts";
import { rowKey } from "../state/row-key.ts";

/** Called with the node and service ("" for a check of the node) whose answers now show a different output. */
export type OutputListener = (node: string, serviceName: string) => void;

interface Printed {
  readonly output: string;
  readonly serviceName: string;
}

/**
 * The last output of each check of this agent, in memory. Outputs change often and mean little, so they are not written and
 * move no index; answers show them beside the stored status. (Consul writes them every five minutes.)
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
