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

/**
 * All measurements, in the order of the table. `keysAlone` comes last, although it is measured before services are registered.
 */
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
 * Returns the measurements that give one of the named benchmark rows; all measurements if no row is named.
 * @throws Error if a name is not that of a benchmark row
 */
export function chooseMeasurements(names: readonly string[]): readonly Measurement[] {
  const known = measurements.flatMap(({ rows }) => rows.map(({ name }) => name));
  for (const name of names) if (!known.includes(name)) throw new Error(`no row ${name}; there are ${known.join(", ")}`);
  if (names.length === 0) return measurements;
  return measurements.filter(({ rows }) => rows.some(({ name }) => names.includes(name)));
}
