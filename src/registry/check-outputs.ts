import type { CheckRow } from "../model/check.ts";
import { rowKey } from "../state/row-key.ts";

/** Called when a check's output has changed, with the check's node and service name ("" for a check of the node). */
export type OutputListener = (node: string, serviceName: string) => void;

/** The newest output of a check. */
export interface CheckOutput {
  readonly node: string;
  readonly id: string;
  readonly serviceName: string;
  readonly output: string;
}

/**
 * The newest output of each check, kept in memory only. Outputs change often and clients rarely depend on them, so
 * a new output is not written to the disk and raises no index. Answers combine it with the stored status. (Consul writes outputs
 * to the catalog every five minutes.)
 */
export class CheckOutputs {
  readonly #outputs = new Map<string, CheckOutput>();
  readonly #listeners: OutputListener[] = [];

  onChange(listener: OutputListener): void {
    this.#listeners.push(listener);
  }

  get(node: string, checkId: string): string | undefined {
    return this.#outputs.get(rowKey(node, checkId))?.output;
  }

  /** Returns the newest output of a check that this agent runs, or for any other check the output in the catalog. */
  outputOf({ node, id, output }: CheckRow): string {
    return this.get(node, id) ?? output;
  }

  /** Returns the outputs of all checks of a node. */
  ofNode(node: string): readonly CheckOutput[] {
    return [...this.#outputs.values()].filter((each) => each.node === node);
  }

  set({ node, id, serviceName }: Omit<CheckOutput, "output">, output: string): void {
    const key = rowKey(node, id);
    if (this.#outputs.get(key)?.output === output) return;
    this.#outputs.set(key, { node, id, serviceName, output });
    this.#notify(node, serviceName);
  }

  delete(node: string, checkId: string): void {
    const key = rowKey(node, checkId);
    const known = this.#outputs.get(key);
    if (known === undefined) return;
    this.#outputs.delete(key);
    this.#notify(node, known.serviceName);
  }

  #notify(node: string, serviceName: string): void {
    for (const listener of this.#listeners) listener(node, serviceName);
  }
}
