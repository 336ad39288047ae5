/** Whether trials run in their long form: `make fault` sets it, `make test` does not. */
export const isAtLength: boolean = process.env["FAULT"] === "long";

/** Returns how far a trial goes in this run: a count of operations or kills, or a number of seconds. */
export function atLength(lengths: { readonly short: number; readonly long: number }): number {
  return isAtLength ? lengths.long : lengths.short;
}
