import { folderList, keyGet, keyList, keyPut, recurse } from "./keys.ts";
import type { Measurement } from "./measurement.ts";
import {
  catalogService,
  criticalChecks,
  dnsA,
  registration,
  serviceHealth,
  sessionCreate,
  ttlUpdate,
} from "./services.ts";
import { waking } from "./waking.ts";
import { keysAlone, whole } from "./whole.ts";

/** All measurements, in the order of the table. The one that is made before the services are registered comes last. */
export const measurements: readonly Measurement[] = [
  keyGet,
  keyPut,
  recurse,
  keyList,
  folderList,
  serviceHealth,
  catalogService,
  criticalChecks,
  dnsA,
  registration,
  ttlUpdate,
  sessionCreate,
  waking,
  whole,
  keysAlone,
];

/**
 * Returns the measurements that have a row with one of these names; all measurements if there are no names.
 * @throws Error for an unknown row
 */
export function chooseMeasurements(names: readonly string[]): readonly Measurement[] {
  const known = measurements.flatMap(({ rows }) => rows.map(({ name }) => name));
  for (const name of names) if (!known.includes(name)) throw new Error(`no row ${name}; there are ${known.join(", ")}`);
  if (names.length === 0) return measurements;
  return measurements.filter(({ rows }) => rows.some(({ name }) => names.includes(name)));
}
