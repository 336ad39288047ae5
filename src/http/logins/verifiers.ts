import type { AclAuthMethod } from "../../model/acl.ts";
import type { Clock } from "../../lib/clock.ts";
import { Settings } from "../auth-method-config.ts";
import { jwtVerifier } from "./jwt-login.ts";
import { kubernetesVerifier } from "./kubernetes-login.ts";
import type { Verifier } from "./verifier.ts";

/** Keeps a verifier for each version of an auth method, with the keys that it has fetched. */
export class Verifiers {
  readonly #clock: Clock;
  readonly #verifiers = new WeakMap<AclAuthMethod, Verifier>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param method one with a valid configuration */
  of(method: AclAuthMethod): Verifier {
    const known = this.#verifiers.get(method) ?? verifierOf(method, this.#clock);
    this.#verifiers.set(method, known);
    return known;
  }
}

function verifierOf({ type, config }: AclAuthMethod, clock: Clock): Verifier {
  const settings = new Settings(config);
  return type === "kubernetes" ? kubernetesVerifier(settings, clock) : jwtVerifier(settings, clock);
}
