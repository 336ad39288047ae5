import type { RegistrationJson } from "../../src/wire/registration.ts";

/** An element of `v1/praetor/registrations`. */
export type Registration = RegistrationJson;
