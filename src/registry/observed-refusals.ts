import type { RefusedAccess, Resource } from "../acl/rights.ts";
import { anonymousToken } from "../acl/builtin.ts";
import type { Clock } from "../lib/clock.ts";
import { type AclTokenRow, bareToken } from "../model/acl.ts";

/** A permission that a token lacks. */
export interface Refusal {
  readonly resource: Resource;
  readonly access: RefusedAccess;
  /** The name of the key, service, node, ...; "" for keyring and operator. */
  readonly name: string;
}

/** A permission that a token has lacked, and how often. */
export interface RefusedOften extends Refusal {
  readonly count: number;
  /** Milliseconds since 1970. */
  readonly firstMs: number;
  readonly lastMs: number;
}

export interface RefusedToken {
  /** "" for all tokens that do not exist. */
  readonly accessorId: string;
  readonly description: string;
  readonly refusals: readonly RefusedOften[];
}

/** Stands for all tokens that do not exist. */
export const unknownToken: AclTokenRow = {
  ...anonymousToken,
  ...{ accessorId: "", secretId: "", description: "Tokens that do not exist" },
  ...bareToken,
  ...{ createIndex: 0, modifyIndex: 0 },
};

/** Maximum number of refusals that are kept, over all tokens, and of the characters in their names. */
const refusalsMax = 10_000;
const charactersMax = 2_000_000;

/**
 * The refusals of access control while it only observes, in memory: one row for each token and permission. Rows beyond 10,000, or
 * beyond two million characters of names, are only counted.
 */
export class ObservedRefusals {
  readonly sinceMs: number;
  readonly #clock: Clock;
  readonly #tokens = new Map<string, { description: string; readonly rows: Map<string, RefusedOften> }>();
  #rows = 0;
  #characters = 0;
  #dropped = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.sinceMs = clock.wallMs();
  }

  /** How many refusals had no room. */
  get dropped(): number {
    return this.#dropped;
  }

  add({ accessorId, description }: Pick<AclTokenRow, "accessorId" | "description">, refusal: Refusal): void {
    const known = this.#tokens.get(accessorId);
    const key = `${refusal.resource} ${refusal.access} ${refusal.name}`;
    const row = known?.rows.get(key);
    const nowMs = this.#clock.wallMs();
    if (!row && (this.#rows >= refusalsMax || this.#characters + key.length > charactersMax)) {
      this.#dropped += 1;
      return;
    }
    const token = known ?? { description, rows: new Map<string, RefusedOften>() };
    token.description = description;
    this.#tokens.set(accessorId, token);
    if (!row) {
      this.#rows += 1;
      this.#characters += key.length;
    }
    token.rows.set(key, { ...refusal, count: (row?.count ?? 0) + 1, firstMs: row?.firstMs ?? nowMs, lastMs: nowMs });
  }

  /** Returns the tokens in the order of their accessor ids, each with its refusals in the order of resource and name. */
  list(): readonly RefusedToken[] {
    return [...this.#tokens]
      .toSorted(([a], [b]) => compare(a, b))
      .map(([accessorId, { description, rows }]) => ({
        ...{ accessorId, description },
        refusals: [...rows.values()].toSorted(
          (a, b) => compare(a.resource, b.resource) || compare(a.name, b.name) || compare(a.access, b.access),
        ),
      }));
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
