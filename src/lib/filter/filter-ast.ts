/** The comparison of a selected value. As in Consul, `a contains b` is parsed as `b in a`, with the operator "in". */
export type MatchOperator = "equal" | "in" | "is-empty" | "matches";

/** A comparison. `Meta.env != prod` has the selector ["Meta", "env"], the operator "equal", negated, and the value "prod". */
export interface FilterMatch {
  readonly kind: "match";
  readonly selector: readonly string[];
  readonly operator: MatchOperator;
  readonly negated: boolean;
  /** The value to compare with; "" for the operator "is-empty", which has no value. */
  readonly value: string;
}

export type FilterNode =
  | FilterMatch
  | { readonly kind: "not"; readonly term: FilterNode }
  | { readonly kind: "and" | "or"; readonly terms: readonly FilterNode[] };
