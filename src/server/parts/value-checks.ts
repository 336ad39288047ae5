import { compileKvSchemas } from "../../config/kv-schemas.ts";
import type { RuntimeConfig } from "../../config/runtime-config.ts";
import type { Log } from "../../lib/log.ts";
import type { Metrics } from "../../lib/metrics.ts";
import { CheckedRegistry } from "../../registry/checked-registry.ts";
import { LocalRows } from "../../registry/local-rows.ts";
import { ProtectedRegistry } from "../../registry/protected-registry.ts";
import type { Registry } from "../../registry/registry.ts";
import { ValueChecks } from "../../registry/value-checks.ts";
import { ValueProtection } from "../../registry/value-protection.ts";

interface CheckedStore {
  readonly valueChecks: ValueChecks;
  readonly protection: ValueProtection;
  /** The store for all that clients write. */
  readonly clientStore: Registry;
  /** The store for the keys that the agent itself writes. */
  readonly ownStore: Registry;
  /** The rows of this agent, for the keys that it writes together with a registration. */
  readonly ownRows: LocalRows;
}

interface UncheckedStore {
  readonly store: Registry;
  readonly localRows: LocalRows;
  readonly metrics: Metrics;
  readonly log: Log;
}

/**
 * Puts the checks of the values of keys, and the protection of operators' values, before a store.
 * @throws OperatingError invalid when a schema cannot be used
 */
export async function openValueChecks(
  { kvSchemas, kvProtect }: RuntimeConfig,
  { store, localRows, metrics, log }: UncheckedStore,
): Promise<CheckedStore> {
  const checks = new ValueChecks({ log: log.named("kv"), invalid: metrics.counter("praetor.kv.invalid_values") });
  checks.use(await compileKvSchemas(kvSchemas), kvSchemas?.isEnforced === true);
  const protection = new ValueProtection({
    log: log.named("kv"),
    spared: metrics.counter("praetor.kv.protected_values"),
  });
  protection.use(kvProtect);
  return {
    valueChecks: checks,
    protection,
    clientStore: new CheckedRegistry(new ProtectedRegistry(store, protection), checks, "client"),
    ownStore: new CheckedRegistry(store, checks, "agent"),
    ownRows: new LocalRows({
      submitTogether(commands, rows) {
        checks.refusalOf(commands, "agent");
        return localRows.saveWith(rows, commands);
      },
    }),
  };
}
