import { expect, test } from "bun:test";
import fc from "fast-check";
import { randomSteps, takeSteps } from "../../test/support/random-commands.ts";
import { everything, hiddenSecret, type Rights, rightsOf } from "../acl/rights.ts";
import { parseRules } from "../acl/rules.ts";
import type { OrderedTable } from "../lib/ordered-map.ts";
import { narrow } from "./narrow.ts";
import { type State, tables } from "./state.ts";

/** Rules of callers who may read nothing, one kind of row, the rows of one name, or all. */
const callers: readonly string[] = [
  "",
  'node_prefix "" { policy = "read" }',
  'service_prefix "" { policy = "read" }',
  'node "n1" { policy = "read" } service "a" { policy = "read" } session "n1" { policy = "read" }',
  'key_prefix "a" { policy = "read" } key "a/b" { policy = "deny" }',
  'acl = "read" query_prefix "" { policy = "read" }',
  `acl = "write" node_prefix "" { policy = "write" } service_prefix "" { policy = "write" }
   key_prefix "" { policy = "write" } session_prefix "" { policy = "write" } query_prefix "" { policy = "write" }`,
];

function rowsOf(state: State, name: keyof State): OrderedTable<unknown> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the names in descriptors are those of tables
  return state[name] as OrderedTable<unknown>;
}

function afterSteps(look: (state: State, rights: Rights) => void): void {
  const rights = callers.map((rules) => rightsOf([parseRules(rules)], "deny"));
  const property = fc.property(randomSteps, (steps) => {
    const { state } = takeSteps(steps);
    for (const each of rights) look(state, each);
  });
  fc.assert(property, { numRuns: 40 });
}

test("a narrowed state has in each table and index the rows that the caller may read, and no others", () => {
  afterSteps((state, rights) => {
    const narrowed = narrow(state, rights);
    for (const table of tables) {
      const names = [table.rows, ...table.indexes.filter((index) => !index.value).map(({ name }) => name)];
      for (const name of names) {
        const all = [...rowsOf(state, name).entries()];
        // A grouped index has lists of rows.
        const isShown = (found: unknown): boolean =>
          Array.isArray(found) ? found.some((row) => table.mayRead(row, rights)) : table.mayRead(found, rights);
        const wanted = all.filter(([, found]) => isShown(found)).map(([key]) => key);
        const shown = rowsOf(narrowed, name);
        expect([...shown.entries()].map(([key]) => key)).toEqual(wanted);
        expect([...shown.values()].length).toBe(shown.size);
        expect([...shown.startingWith("")].map(([key]) => key)).toEqual(wanted);
        for (const [key] of all) expect(shown.get(key) !== undefined).toBe(wanted.includes(key));
      }
    }
  });
});

test("a narrowed state shows the secrets of tokens and queries only to those who may write tokens", () => {
  afterSteps((state, rights) => {
    const narrowed = narrow(state, rights);
    if (rights.may("acl", "write")) return;
    for (const { secretId } of narrowed.aclTokens.values()) expect(secretId).toBe(hiddenSecret);
    for (const { secretId } of narrowed.aclTokenSecrets.values()) expect(secretId).toBe(hiddenSecret);
    for (const { token } of narrowed.preparedQueries.values()) expect(["", hiddenSecret]).toContain(token);
  });
});

test("a narrowed state keeps the indexes of all rows, and cannot be changed", () => {
  afterSteps((state, rights) => {
    const narrowed = narrow(state, rights);
    expect(narrowed.index).toBe(state.index);
    expect(narrowed.topicIndexes).toBe(state.topicIndexes);
    expect(() => narrowed.kv.edit()).toThrow("a narrowed state is only read");
  });
});

test("the state of a caller who may do everything is the state itself", () => {
  afterSteps((state) => expect(narrow(state, everything)).toBe(state));
});

test("callers with the same rights share one narrowed state", () => {
  afterSteps((state, rights) => {
    const narrowed = narrow(state, rights);
    expect(narrow(state, rights)).toBe(narrowed);
    expect(narrow(state, rightsOf([], "deny"))).not.toBe(narrowed);
  });
});
