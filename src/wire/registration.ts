/** An element of the answer of /v1/praetor/registrations. */
export interface RegistrationJson {
  readonly ID: string;
  readonly Service: string;
  /** The API that registered the service, or "file" for a configuration file, or "sidecar" for another service's registration. */
  readonly Through: "consul" | "core-keeper" | "file" | "sidecar";
  /** True for a service that has deregistered with core-keeper's API, and is not in the catalog. */
  readonly Halted?: true;
}

export function encodeRegistration(
  { id, name }: { readonly id: string; readonly name: string },
  through: RegistrationJson["Through"],
  { isHalted = false }: { readonly isHalted?: boolean } = {},
): RegistrationJson {
  return { ID: id, Service: name, Through: through, ...(isHalted && { Halted: true as const }) };
}
