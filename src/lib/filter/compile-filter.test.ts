import { expect, test } from "bun:test";
import fc from "fast-check";
import { compileFilter, type FilterFields } from "./compile-filter.ts";

const text = { kind: "string" } as const;
const fields: FilterFields = {
  Name: text,
  Port: { kind: "int" },
  Up: { kind: "bool" },
  Tags: { kind: "strings" },
  Meta: { kind: "map", values: text },
  Checks: { kind: "objects", fields: { Status: text } },
};

interface Row {
  readonly Name: string;
  readonly Port: number;
  readonly Up: boolean;
  readonly Tags: readonly string[];
  readonly Meta: Readonly<Record<string, string>>;
  readonly Checks: readonly { readonly Status: string }[];
}

const word = fc.constantFrom("a", "b", "ab", "");
const row: fc.Arbitrary<Row> = fc.record({
  Name: word,
  Port: fc.integer({ min: -1, max: 2 }),
  Up: fc.boolean(),
  Tags: fc.array(word, { maxLength: 2 }),
  Meta: fc.dictionary(fc.constantFrom("k", "toString"), word),
  Checks: fc.array(fc.record({ Status: word }), { maxLength: 2 }),
});

/** A filter expression and the equivalent JavaScript predicate. */
interface Claim {
  readonly expression: string;
  readonly holds: (row: Row) => boolean;
}

function claimOf(expression: string, holds: (row: Row) => boolean): Claim {
  return { expression, holds };
}

const simple: fc.Arbitrary<Claim> = fc.oneof(
  word.map((w) => claimOf(`Name == "${w}"`, ({ Name }) => Name === w)),
  word.map((w) => claimOf(`Name not contains "${w}"`, ({ Name }) => !Name.includes(w))),
  word.map((w) => claimOf(`Name matches "^${w}"`, ({ Name }) => Name.startsWith(w))),
  fc.integer({ min: -1, max: 2 }).map((n) => claimOf(`Port != ${n}`, ({ Port }) => Port !== n)),
  fc.boolean().map((b) => claimOf(`Up == ${b}`, ({ Up }) => Up === b)),
  word.map((w) => claimOf(`"${w}" in Tags`, ({ Tags }) => Tags.includes(w))),
  fc.constant(claimOf("Tags is not empty", ({ Tags }) => Tags.length > 0)),
  word.map((w) => claimOf(`Meta.k == "${w}"`, ({ Meta }) => "k" in Meta && Meta["k"] === w)),
  word.map((w) => claimOf(`Meta.k != "${w}"`, ({ Meta }) => Meta["k"] !== w)),
  fc.constant(claimOf("toString in Meta", ({ Meta }) => Object.hasOwn(Meta, "toString"))),
  word.map((w) => claimOf(`Checks.Status != "${w}"`, ({ Checks }) => Checks.some(({ Status }) => Status !== w))),
);

const { claim } = fc.letrec<{ claim: Claim }>((tie) => ({
  claim: fc.oneof(
    simple,
    tie("claim").map((a) => claimOf(`not (${a.expression})`, (r) => !a.holds(r))),
    fc
      .tuple(tie("claim"), tie("claim"))
      .map(([a, b]) => claimOf(`(${a.expression}) and (${b.expression})`, (r) => a.holds(r) && b.holds(r))),
    fc
      .tuple(tie("claim"), tie("claim"))
      .map(([a, b]) => claimOf(`(${a.expression}) or (${b.expression})`, (r) => a.holds(r) || b.holds(r))),
  ),
}));

test("a filter expression matches the same records as the equivalent JavaScript predicate", () => {
  fc.assert(
    fc.property(claim, fc.array(row, { minLength: 1, maxLength: 5 }), ({ expression, holds }, rows) => {
      expect(rows.filter(compileFilter(expression, fields))).toEqual(rows.filter(holds));
    }),
    { numRuns: 1_000 },
  );
});

test("`and` binds tighter than `or`, and `not` tighter than both", () => {
  const passes = compileFilter("not Name == a or Name == a and Port == 1", fields);
  expect([{ Name: "b" }, { Name: "a", Port: 1 }, { Name: "a", Port: 2 }].map(passes)).toEqual([true, true, false]);
});

test("the empty filter expression matches every record", () => {
  expect(compileFilter("", fields)({})).toBe(true);
});

test("a filter treats a field that a record lacks as the zero value of the field's type", () => {
  expect(compileFilter('Name == "" and Port == 0 and Up == false and Tags is empty', fields)({})).toBe(true);
});

test("a filter cannot select a property that a record inherits from Object's prototype", () => {
  expect(() => compileFilter("constructor.name == Object", fields)).toThrow('Selector "constructor" is not valid');
  expect(compileFilter("toString in Meta", fields)({ Meta: {} })).toBe(false);
});
