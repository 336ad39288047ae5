/** `make test` looks for as long as a gate may take; `make fault` for as long as it takes to believe the answer. */
export const isAtLength: boolean = process.env["FAULT"] === "long";

/** How much of a trial is done: so many operations, kills, seconds. */
export function atLength(lengths: { readonly short: number; readonly long: number }): number {
  return isAtLength ? lengths.long : lengths.short;
}
