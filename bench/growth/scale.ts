import { middles, type ContenderName, type Growth } from "./figures.ts";

export const contenders: readonly ContenderName[] = ["Praetor", "Consul"];

/** The range of an axis, in powers of ten. */
export interface Axis {
  readonly low: number;
  readonly decades: number;
}

const decadesMin = 2;
const air = 0.5;

/** Returns the length of each panel's axis in powers of ten: room for the widest range of values of a benchmark row. */
export function decadesOf(growth: Growth): number {
  const spreads = growth.rows.map(({ name }) => {
    const [least, most] = rangeOf(growth, name);
    return most - least;
  });
  return Math.max(decadesMin, ...spreads) + air;
}

/** Returns the axis of one benchmark row, with the row's values in the middle. */
export function axisOf(growth: Growth, row: string, decades: number): Axis {
  const [least, most] = rangeOf(growth, row);
  return { low: (least + most) / 2 - decades / 2, decades };
}

/** Returns the powers of ten within the range of an axis, as exponents. */
export function ticksOf({ low, decades }: Axis): readonly number[] {
  const first = Math.ceil(low);
  return Array.from({ length: Math.floor(low + decades) - first + 1 }, (_none, at) => first + at);
}

function rangeOf(growth: Growth, row: string): readonly [number, number] {
  const all = contenders.flatMap((contender) => middles(growth, row, contender) ?? []).map(Math.log10);
  return [Math.min(...all), Math.max(...all)];
}
