import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { nameTemplate, nodeNamed, queryWithId, sessionNamed, StateDriver } from "../../test/support/state.ts";
import type { PreparedQuery } from "../model/prepared-query.ts";
import type { Command, Rejection } from "./command.ts";
import { findPreparedQuery, listPreparedQueries } from "./prepared-query.ts";
import { fold, topics } from "./topics.ts";

const ids = [1, 2, 3].map((digit) => `6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f1${digit}`);
const [first = "", second = "", third = ""] = ids;
const session = "7f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f11";

function put(query: PreparedQuery, update = false): Command {
  return { type: "prepared-query-put", query, update };
}

function driverWithSession(): StateDriver {
  const driver = new StateDriver();
  driver.run({ type: "register", node: nodeNamed("n1"), skipNodeUpdate: false, checks: [] });
  driver.run({ type: "session-create", session: sessionNamed(session) });
  return driver;
}

describe("a prepared query", () => {
  test.each<[string, PreparedQuery, Rejection]>([
    ["another's name", queryWithId(third, { name: "WEB" }), { code: "query-name-taken", name: "WEB", by: "name" }],
    ["another's id", queryWithId(third, { name: first }), { code: "query-name-taken", name: first, by: "ID" }],
    ["no name, as a second template", queryWithId(third, { template: nameTemplate }), { code: "second-catch-all" }],
    ["an unknown session", queryWithId(third, { session: third }), { code: "unknown-session", id: third }],
    [
      "a template of an unknown kind",
      queryWithId(third, { name: "t", template: { ...nameTemplate, type: "x" } }),
      { code: "unusable-template", fault: "Bad Template.Type 'x'" },
    ],
    [
      "an invalid expression",
      queryWithId(third, { name: "t", template: nameTemplate }, { tags: ["${"] }),
      {
        code: "unusable-template",
        fault: "Bad format '${' in Service.Tags[0]: parse error: syntax error",
      },
    ],
  ])("with %s is rejected, and nothing changes", (_what, query, reason) => {
    const driver = driverWithSession();
    driver.run(put(queryWithId(first, { name: "web" })));
    driver.run(put(queryWithId(second, { template: nameTemplate })));
    const before = driver.state;
    const applied = driver.run(put(query));
    expect(applied.outcome).toEqual({ type: "rejected", reason });
    expect(applied.state).toBe(before);
  });

  test("that does not exist cannot be updated or deleted", () => {
    const driver = new StateDriver();
    const rejected = { type: "rejected" as const, reason: { code: "unknown-query" as const, id: first } };
    expect(driver.run(put(queryWithId(first, { name: "x" }), true)).outcome).toEqual(rejected);
    expect(driver.run({ type: "prepared-query-delete", id: first }).outcome).toEqual(rejected);
  });

  test("is deleted with its session, whose id is compared regardless of case", () => {
    const driver = driverWithSession();
    driver.run(put(queryWithId(first, { session })));
    driver.run(put(queryWithId(second, { name: "bound", session: session.toUpperCase() })));
    driver.run(put(queryWithId(third, { name: "free" })));
    const { touched } = driver.run({ type: "session-destroy", id: session });
    expect(listPreparedQueries(driver.state).map(({ name }) => name)).toEqual(["free"]);
    expect(findPreparedQuery(driver.state, "bound")).toBeUndefined();
    expect([...touched]).toEqual(expect.arrayContaining([topics.preparedQueries, topics.preparedQuery(first)]));
  });

  test("stays in the same table, uncopied, when a session without prepared queries ends", () => {
    const driver = driverWithSession();
    driver.run(put(queryWithId(first, { name: "x" })));
    const { preparedQueries, preparedQueryNames } = driver.state;
    driver.run({ type: "session-destroy", id: session });
    expect(driver.state.preparedQueries).toBe(preparedQueries);
    expect(driver.state.preparedQueryNames).toBe(preparedQueryNames);
  });
});

describe("after any sequence of commands", () => {
  const id = fc.constantFrom(...ids);
  const name = fc.constantFrom("", "a", "A", "ab", "abc");
  const query = fc
    .record({ id, name, isTemplate: fc.boolean(), session: fc.constantFrom("", "", session) })
    .map((wish) => queryWithId(wish.id, { ...wish, ...(wish.isTemplate ? { template: nameTemplate } : {}) }));
  const command: fc.Arbitrary<Command> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ type: fc.constant("prepared-query-put" as const), query, update: fc.boolean() }),
    },
    { weight: 2, arbitrary: id.map((of) => ({ type: "prepared-query-delete" as const, id: of })) },
    { weight: 1, arbitrary: fc.constant({ type: "session-destroy" as const, id: session }) },
  );
  const commands = fc.array(command, { maxLength: 30 });

  test("a lookup by name finds the prepared query of that name, else the template whose name is the longest prefix of it", () => {
    fc.assert(
      fc.property(commands, fc.constantFrom("a", "AB", "abc", "abcd", "x"), (all, asked) => {
        const driver = driverWithSession();
        for (const each of all) driver.run(each);
        const { state } = driver;
        const fits = listPreparedQueries(state)
          .filter((each) => (each.template.type === "" ? each.name !== "" : fold(asked).startsWith(fold(each.name))))
          .filter((each) => each.template.type !== "" || fold(each.name) === fold(asked))
          .toSorted((a, b) => b.name.length - a.name.length);
        expect(findPreparedQuery(state, asked)?.id).toBe(fits[0]?.id);
      }),
    );
  });
});
