import { fieldsOf } from "../../client/json-object.ts";
import { JsonRow } from "../../client/json-row.ts";
import type { NodeRows } from "./carried-node.ts";
import type { RegistryRows } from "./agent-inventory.ts";

interface NodeParts {
  readonly node: Readonly<Record<string, unknown>>;
  readonly services: unknown[];
  readonly checks: unknown[];
}

/**
 * Groups a snapshot's registrations by node. A snapshot does not name the agent that took it; the first node with a server
 * counts as the agent's own.
 */
export class CatalogRows {
  readonly #nodes = new Map<string, NodeParts>();

  /** Adds a registration in the form of catalog/register. */
  add(registration: Readonly<Record<string, unknown>>): void {
    const name = new JsonRow(registration).text("Node");
    const parts = this.#nodes.get(name) ?? { node: registration, services: [], checks: [] };
    this.#nodes.set(name, parts);
    if (registration["Service"]) parts.services.push(registration["Service"]);
    if (registration["Check"]) parts.checks.push(registration["Check"]);
  }

  rows(): Pick<RegistryRows, "services" | "checks" | "nodes"> {
    const all = [...this.#nodes.values()];
    const own = all.find(({ services }) => services.some((row) => fieldsOf(row)["ID"] === "consul"));
    const nodes: readonly NodeRows[] = all.filter((parts) => parts !== own);
    return { services: own?.services ?? [], checks: own?.checks ?? [], nodes };
  }
}
