import { IndexedRows } from "./indexed-rows.ts";
import type { Model } from "./operation.ts";

/** An operation on a service with a few instances, each of which is registered again and again with another revision. */
export type InstanceInput =
  | { readonly kind: "register"; readonly instance: string; readonly revision: string }
  | { readonly kind: "deregister"; readonly instance: string }
  /** A read of all instances, through one of several endpoints. */
  | { readonly kind: "read"; readonly endpoint: string };

export interface InstanceShown {
  readonly instance: string;
  readonly revision: string;
  readonly modifyIndex: number;
}

/** The instances that a read returned; "done" for a write, which returns nothing else. */
export type InstanceOutput = readonly InstanceShown[] | "done";

export const catalogModel: Model<IndexedRows<string>, InstanceInput, InstanceOutput> = {
  initial: IndexedRows.empty(),
  step(before, input, output) {
    const rows = before.nextCommand();
    switch (input.kind) {
      case "register":
        return [rows.put(input.instance, input.revision)];
      case "deregister":
        return [rows.delete(input.instance)];
      case "read":
        return output === undefined || output === "done" ? [rows] : showing(rows, output);
    }
  },
  keyOf: (rows) => rows.keyWith((revision) => revision),
  showState: (rows) => rows.show((revision) => revision),
  show: (input, output) => `${Object.values(input).join(" ")} -> ${showOutput(output)}`,
};

function showing(rows: IndexedRows<string>, shown: readonly InstanceShown[]): readonly IndexedRows<string>[] {
  if (shown.length !== rows.keys.length) return [];
  let seen: IndexedRows<string> | undefined = rows;
  for (const { instance, revision, modifyIndex } of shown) {
    if (seen?.get(instance) !== revision) return [];
    seen = seen.withIndex(instance, modifyIndex);
  }
  return seen ? [seen] : [];
}

function showOutput(output: InstanceOutput | undefined): string {
  if (output === undefined) return "no answer";
  if (output === "done") return output;
  const rows = output.map(({ instance, revision, modifyIndex }) => `${instance} = ${revision} at index ${modifyIndex}`);
  return `[${rows.join("; ")}]`;
}
