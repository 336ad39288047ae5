import type { LoginIdentity } from "../../acl/login-identity.ts";

/** Verifies the credentials of clients for one auth method. */
export interface Verifier {
  /** Returns who has sent these credentials. @throws OperatingError denied, code "login-refused" */
  identify(bearer: string): Promise<LoginIdentity>;
  /** Asks the server that the method's configuration names. Returns Consul's text if it does not answer as it should. */
  urlFault(): Promise<string | undefined>;
}
