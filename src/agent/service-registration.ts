import type { CheckDefinition } from "../model/check.ts";
import type { ServiceDefinition } from "../model/service.ts";
import type { CatalogChange } from "./catalog.ts";
import type { FixedCheckType, LocalCheck, Source } from "./local-state.ts";

/** The options of a service registration. */
export interface ServiceRegistration {
  readonly source: Source;
  /** Whether to remove those of the service's present checks that the new definition does not have. */
  readonly replaceExistingChecks?: boolean;
  /** Whether checks that are registered already get their initial status again, instead of keeping their status. */
  readonly isAnew?: boolean;
  /** A check to add to the service. The agent does not run it, so its status stays critical. */
  readonly fixedCheck?: FixedCheck | undefined;
  /** The id of a check to remove, if it is registered. */
  readonly endedCheck?: string;
  readonly isSidecar?: boolean;
  /** The secret of the token of the request; undefined if it brings none. */
  readonly token?: string | undefined;
  readonly along?: Along | undefined;
}

/** Rows and operations that another part of the agent writes in the same batch as a change of a service. */
export interface Along extends Pick<CatalogChange, "rows" | "transactions"> {
  /** Called once when the batch is durable, before the local state shows the change. */
  readonly onDurable?: (() => void) | undefined;
}

export interface FixedCheck {
  readonly definition: CheckDefinition;
  readonly type: FixedCheckType;
}

/** The registration of one service, with all checks that it adds. */
export interface Plan {
  readonly definition: ServiceDefinition;
  readonly registration: ServiceRegistration;
  /** Checks that do not run and stay critical. */
  readonly fixed: readonly LocalCheck[];
  /** The ids of all checks that the registration adds. */
  readonly named: ReadonlySet<string>;
}

export function planOf(definition: ServiceDefinition, registration: ServiceRegistration, nowMs: number): Plan {
  const fixed = registration.fixedCheck ? [toFixed(registration.fixedCheck, nowMs)] : [];
  const named = [...definition.checks, ...fixed.map((check) => check.definition)].map((check) => check.id);
  return { definition, registration, fixed, named: new Set(named) };
}

export function toFixed({ definition, type }: FixedCheck, sinceMs: number): LocalCheck {
  return { definition, source: "api", type, status: definition.initialStatus, output: "", sinceMs };
}
