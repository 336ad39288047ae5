import { createPublicKey } from "node:crypto";
import type { JWK } from "jose";
import { isRecord } from "../../lib/is-record.ts";
import type { Clock } from "../../lib/clock.ts";
import { messageOf } from "../../lib/errors.ts";
import type { Settings } from "../auth-method-config.ts";
import { fetchText, parsedJson } from "./fetch-json.ts";

/** The keys that can have signed a token. */
export interface WebKeys {
  /** Returns the keys with this id; all for "". @param isNew whether to ask the server again, since no key that is known fits */
  find(id: string, isNew: boolean): Promise<readonly JWK[]>;
}

/** Returns the keys that a method's configuration has as PEM. */
export function configuredKeys(settings: Settings): WebKeys {
  const keys = settings.texts("JWTValidationPubKeys").map((pem) => createPublicKey(pem).export({ format: "jwk" }));
  return { find: (_id, isNew) => Promise.resolve(isNew ? [] : keys) };
}

/**
 * Returns the keys that a file holds: a JSON Web Key Set, or public keys and certificates as PEM.
 * @throws Error if it holds none
 */
export function keysOfFile(text: string): WebKeys {
  const blocks = text.match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----/g) ?? [];
  const keys = blocks.length > 0 ? blocks.map(publicKeyOf) : keysOfSet(parsedJson(text));
  if (!keys || keys.length === 0) throw new Error("it holds no JSON Web Key Set, and no public key as PEM");
  return { find: (_id, isNew) => Promise.resolve(isNew ? [] : keys) };
}

function publicKeyOf(pem: string): JWK {
  // The public key of a private one could be computed, too; but a private key has no place on this machine.
  if (pem.includes("PRIVATE KEY")) throw new Error("it holds a private key. Only the public one is needed");
  return createPublicKey(pem).export({ format: "jwk" });
}

export interface KeyServer {
  readonly url: string;
  /** As in JsonRequest. */
  readonly authority: string;
  readonly clock: Clock;
  /** As in JsonRequest. */
  readonly msMax?: number;
}

/** The keys that a server publishes as a JSON Web Key Set (RFC 7517, 5). They are fetched at first use, and again for an unknown key. */
export class PublishedKeys implements WebKeys {
  readonly #server: KeyServer;
  #keys: readonly JWK[] | undefined;
  #fetching: Promise<readonly JWK[]> | undefined;

  constructor(server: KeyServer) {
    this.#server = server;
  }

  /** @throws Error with Consul's text if the keys cannot be fetched */
  async find(id: string, isNew: boolean): Promise<readonly JWK[]> {
    const keys = isNew || !this.#keys ? await this.#fetch() : this.#keys;
    return keys.filter((key) => id === "" || key["kid"] === id);
  }

  /** Fetches the keys. Logins at the same time share one request. */
  #fetch(): Promise<readonly JWK[]> {
    this.#fetching ??= fetchKeys(this.#server).finally(() => (this.#fetching = undefined));
    return this.#fetching.then((keys) => (this.#keys = keys));
  }
}

async function fetchKeys(server: KeyServer): Promise<readonly JWK[]> {
  const { status, text } = await fetchText(server).catch((error: unknown) => {
    throw new Error(`fetching keys oidc: get keys failed ${messageOf(error)}`);
  });
  if (status !== 200) throw new Error(`fetching keys oidc: get keys failed: ${status} ${text}`);
  const keys = keysOfSet(parsedJson(text));
  if (!keys) throw new Error(`fetching keys oidc: failed to decode keys: ${text.slice(0, 200)}`);
  return keys;
}

function keysOfSet(set: unknown): JWK[] | undefined {
  if (!isRecord(set)) return undefined;
  const keys: readonly unknown[] = Array.isArray(set["keys"]) ? set["keys"] : [];
  // A key of type "oct" is a secret: a reader of it could sign, too.
  return keys.filter((key): key is JWK => isRecord(key) && key["kty"] !== "oct" && key["use"] !== "enc");
}

/** The facts that a provider of OpenID Connect publishes about itself, OpenID Connect Discovery 1.0, 3. */
export interface Provider {
  readonly issuer: string;
  readonly keysUrl: string;
}

/** @throws Error with Consul's text if the provider does not answer, or is another one */
export async function discover({ url, authority, clock }: KeyServer): Promise<Provider> {
  const asked = `${url.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const { status, text } = await fetchText({ url: asked, authority, clock });
  if (status !== 200) throw new Error(`${status}: ${text}`);
  const found = parsedJson(text);
  if (!isRecord(found)) throw new Error(`oidc: failed to decode provider discovery object: ${text.slice(0, 200)}`);
  const [issuer, keysUrl] = [found["issuer"], found["jwks_uri"]].map((each) => (typeof each === "string" ? each : ""));
  if (issuer !== url) {
    const names = `expected ${JSON.stringify(url)} got ${JSON.stringify(issuer)}`;
    throw new Error(`oidc: issuer did not match the issuer returned by provider, ${names}`);
  }
  return { issuer, keysUrl: keysUrl ?? "" };
}
