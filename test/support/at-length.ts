/** Whether trials run in their long form, as `make fault` runs them, and not in the short form of `make test`. */
export const isAtLength: boolean = process.env["FAULT"] === "long";

/** The end of the name of a test that only the long form has, such as one of a cluster, which takes half a minute or more. */
export const longOnly: string = isAtLength ? "" : " (skipped: `make fault` has it)";

/** Returns the length of a trial in this run, in the unit of `lengths`: operations, kills or seconds. */
export function atLength(lengths: { readonly short: number; readonly long: number }): number {
  return isAtLength ? lengths.long : lengths.short;
}
