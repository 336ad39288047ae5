/** Whether trials run in their long form: `make fault` sets it, `make test` does not. */
export const isAtLength: boolean = process.env["FAULT"] === "long";

/** How far a trial goes: a count of operations or kills, or seconds. */
export function atLength(lengths: { readonly short: number; readonly long: number }): number {
  return isAtLength ? lengths.long : lengths.short;
}
