/** Whether trials run in their long form, as `make fault` runs them, and not in the short form of `make test`. */
export const isAtLength: boolean = process.env["FAULT"] === "long";

/** Returns the length of a trial in this run, in the unit of `lengths`: operations, kills or seconds. */
export function atLength(lengths: { readonly short: number; readonly long: number }): number {
  return isAtLength ? lengths.long : lengths.short;
}
