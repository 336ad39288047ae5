import { isNamed, type PreparedQuery, type PreparedQueryRow } from "../model/prepared-query.ts";
import { getPreparedQuery, listPreparedQueries } from "../state/prepared-query.ts";
import { redactQuery } from "../state/tables/prepared-query.ts";
import { topics } from "../state/topics.ts";
import { permissionDenied } from "./permissions.ts";
import type { Query } from "./query.ts";
import { throwIfRejected } from "./rejection.ts";
import type { Registry } from "./registry.ts";

/**
 * Creates a prepared query; its id must be new. @throws OperatingError conflict when its name is taken, or its session or
 * template is invalid
 */
export async function createPreparedQuery(store: Registry, query: PreparedQuery): Promise<void> {
  throwIfRejected(await store.submit({ type: "prepared-query-put", query, update: false }));
}

/**
 * Replaces a prepared query. @throws OperatingError conflict in the same cases as createPreparedQuery, and when no prepared query
 * has the id
 */
export async function updatePreparedQuery(store: Registry, query: PreparedQuery): Promise<void> {
  throwIfRejected(await store.submit({ type: "prepared-query-put", query, update: true }));
}

/** Deletes a prepared query. @throws OperatingError conflict when no prepared query has the id */
export async function deletePreparedQuery(store: Registry, id: string): Promise<void> {
  throwIfRejected(await store.submit({ type: "prepared-query-delete", id }));
}

export function allPreparedQueries(): Query<readonly PreparedQueryRow[]> {
  return { topics: [topics.preparedQueries], read: listPreparedQueries };
}

export function preparedQuery(id: string): Query<PreparedQueryRow | undefined> {
  return {
    topics: [topics.preparedQuery(id)],
    read: (state) => getPreparedQuery(state, id),
    // Consul: an unknown id is unknown to all, and a query without a name is for everyone who knows its id.
    readAs(state, rights) {
      const row = getPreparedQuery(state, id);
      if (row && isNamed(row) && !rights.may("query", "read", row.name)) throw permissionDenied();
      return row && redactQuery(row, rights);
    },
  };
}
