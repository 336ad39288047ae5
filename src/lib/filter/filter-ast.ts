/** How a selected value is compared. `a contains b` is `b in a`, as in Consul. */
export type MatchOperator = "equal" | "in" | "is-empty" | "matches";

/** `Meta.env != prod`: selector ["Meta", "env"], operator "equal", negated, value "prod". */
export interface FilterMatch {
  readonly kind: "match";
  readonly selector: readonly string[];
  readonly operator: MatchOperator;
  readonly negated: boolean;
  /** The value to compare with; "" for is-empty, which has none. */
  readonly value: string;
}

export type FilterNode =
  | FilterMatch
  | { readonly kind: "not"; readonly term: FilterNode }
  | { readonly kind: "and" | "or"; readonly terms: readonly FilterNode[] };
