/**
 * Names of EdgeX's services from Geneva (EdgeX 1.2) to 4: `edgex-core-data`, then `core-data`; the application services of Geneva; and
 * the programs that EdgeX's own compose files register beside them.
 */
const names =
  /^(?:edgex-.+|(?:core|support|app|device|security)-.+|sys-mgmt-agent|appservice-.+|kong(?:-db|-migrations)?|vault|rules-engine|ekuiper)$/i;

/** Returns whether a service of this name belongs to EdgeX. */
export function isOfEdgex(service: string): boolean {
  return names.test(service);
}
