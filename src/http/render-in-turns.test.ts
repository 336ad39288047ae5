import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { goMap, renderGoJson } from "../wire/go-json.ts";
import { RowList, RowMap } from "../wire/json-parts.ts";
import { Pieces } from "./pieces.ts";
import { renderInTurns, rowsOfTurn } from "./render-in-turns.ts";

let turn = 0;
let timer: ReturnType<typeof setImmediate>;

beforeEach(() => {
  const next = (): void => {
    turn += 1;
    timer = setImmediate(next);
  };
  timer = setImmediate(next);
});

afterEach(() => clearImmediate(timer));

async function textOf(rendered: ReturnType<typeof renderInTurns>): Promise<string> {
  const body = await rendered;
  return body instanceof Pieces ? Buffer.concat(body.all).toString() : body;
}

const compact = { pretty: false } as const;

describe("a list in rows", () => {
  test("is rendered as the same list of values, whatever it holds, indented or not", async () => {
    const row = fc.oneof(
      fc.integer(),
      fc.string(),
      fc.array(fc.string()),
      fc.record({ a: fc.string(), b: fc.boolean() }),
    );
    const lists = fc.array(fc.option(row, { nil: undefined }), { maxLength: 3 * rowsOfTurn });
    const property = fc.asyncProperty(lists, fc.boolean(), async (rows, pretty) => {
      const shown = rows.filter((each) => each !== undefined);
      const byName = new Map(rows.map((each, at) => [`é${at}`, each]));
      const named = Object.fromEntries([...byName].filter(([, each]) => each !== undefined));
      const value = (list: unknown, map: unknown): object => ({ Empty: [], List: list, Map: map, None: undefined });
      const [list, map] = [RowList.of(rows, (each) => each), RowMap.of(byName, (each) => each)];
      const rendered = await textOf(
        renderInTurns(
          RowList.of([value(list, map)], (each) => each),
          { pretty },
        ),
      );
      expect(rendered).toBe(renderGoJson([value(shown, goMap(named))], { pretty }));
    });
    await fc.assert(property, { numRuns: 50 });
  });

  test("is rendered at once if it has few rows", () => {
    const rows = Array.from({ length: rowsOfTurn / 2 }, (_none, at) => at);
    expect(renderInTurns(RowList.of(rows, String), compact)).toBe(JSON.stringify(rows.map(String)));
  });

  test("encodes no more rows in one turn of the event loop than the limit, also those that it leaves out and those within rows", async () => {
    const turns: number[] = [];
    const note = (each: number): number | undefined => (turns.push(turn) % 2 === 0 ? undefined : each);
    const numbers = [...Array(3 * rowsOfTurn).keys()];
    const within = {
      Services: RowList.of(numbers, note),
      Checks: RowMap.of(new Map(numbers.map((n) => [`${n}`, n])), note),
    };
    await renderInTurns(
      RowList.of([within], (each) => each),
      compact,
    );
    expect(turns).toHaveLength(6 * rowsOfTurn);
    for (const each of new Set(turns)) expect(turns.filter((at) => at === each).length).toBeLessThanOrEqual(rowsOfTurn);
  });

  test("renders no row after 64 KiB in one turn of the event loop", async () => {
    const turns: number[] = [];
    const large = (): string => {
      turns.push(turn);
      return "x".repeat(40_000);
    };
    await renderInTurns(RowList.of([...Array(9).keys()], large), compact);
    for (const each of new Set(turns)) expect(turns.filter((at) => at === each).length).toBeLessThanOrEqual(2);
  });

  test("shares no turn with another that is rendered at the same time", async () => {
    const turns: number[] = [];
    const rows = [...Array(5 * rowsOfTurn).keys()];
    const render = () =>
      renderInTurns(
        RowList.of(rows, () => turns.push(turn)),
        compact,
      );
    const first = turn;
    await Promise.all([render(), render(), render()]);
    for (const each of new Set(turns))
      if (each > first) expect(turns.filter((at) => at === each).length).toBeLessThanOrEqual(rowsOfTurn);
  });
});
