import { formatNumber, renderCells } from "../lib/table.ts";
import { middles, seriesOf, type ContenderName, type Growth } from "./figures.ts";
import { factorOf, judge } from "./judge.ts";
import type { GrowthRow } from "./measurement.ts";
import { contenders } from "./scale.ts";

/** Returns all results as Markdown. */
export function renderGrowth(growth: Growth): string {
  const costs = renderRowCosts(growth);
  return [growth.run, renderRows(growth), ...(costs === undefined ? [] : [costs])].join("\n\n");
}

function renderRows(growth: Growth): string {
  const sizes = growth.sizes.map(({ services }) => services.toLocaleString("en"));
  const header = [
    "services (and ten times as many keys)",
    ...["Praetor", "Consul"].flatMap((name) => [
      ...sizes.map((size, at) => (at === 0 ? `${name}: ${size}` : size)),
      "factor",
    ]),
    "",
  ];
  return renderCells(
    header,
    growth.rows.map((row) => cellsOf(growth, row)),
  );
}

function cellsOf(growth: Growth, row: GrowthRow): readonly string[] {
  const of = (contender: ContenderName): readonly string[] => {
    const series = seriesOf(growth, row.name, contender);
    if (series === undefined) return [...growth.sizes.map(() => ""), ""];
    return [...(middles(growth, row.name, contender) ?? []).map(formatNumber), formatFactor(factorOf(series))];
  };
  const own = seriesOf(growth, row.name, "Praetor");
  const verdict = own === undefined ? "" : judge(row, factorOf(own));
  return [`${row.title} (${row.unit})`, ...of("Praetor"), ...of("Consul"), verdict];
}

function formatFactor({ factor, least, most }: ReturnType<typeof factorOf>): string {
  const rounds = least === most ? "" : ` (${least.toFixed(2)}–${most.toFixed(2)})`;
  return `${factor.toFixed(2)}×${rounds}`;
}

/** Returns a table of the memory that one more key and one more service take, computed from the smallest and the largest size. */
function renderRowCosts(growth: Growth): string | undefined {
  const lines = contenders.flatMap((contender) => {
    const [keys, all] = [middles(growth, "memory-keys", contender), middles(growth, "memory-rest", contender)];
    const [smallest, largest] = [growth.sizes[0], growth.sizes.at(-1)];
    if (keys === undefined || all === undefined || smallest === undefined || largest === undefined) return [];
    const rise = (of: readonly number[]): number => ((of.at(-1) ?? 0) - (of[0] ?? 0)) * 2 ** 20;
    const perKey = rise(keys) / (largest.keys - smallest.keys);
    const perService = (rise(all) - rise(keys)) / (largest.services - smallest.services);
    return [[contender, `${formatNumber(perKey)} bytes`, `${formatNumber(perService)} bytes`]];
  });
  if (lines.length === 0) return undefined;
  return renderCells(["memory of", "a key with a value of 128 bytes", "a service with a check"], lines);
}
