import { expect } from "bun:test";
import type { Answer } from "../exchange.ts";

/** Sends a request to the agent. @param token the secret in X-Consul-Token; undefined for none */
export type AskAs = (token: string | undefined, method: string, path: string, body?: unknown) => Promise<Answer>;

export interface Lease {
  readonly accessor: string;
  readonly secret: string;
}

interface EngineRole {
  readonly token_type: "client";
  readonly policies: readonly string[];
}

/**
 * A stand-in for the Consul engine of Vault and OpenBao: it creates a token for whoever asks for the credentials of a role, and
 * deletes the token when its lease ends. It sends the bodies that Vault's engine sends through Consul's Go client.
 */
export class ConsulEngine {
  readonly #ask: AskAs;
  readonly #roles = new Map<string, EngineRole>();
  #token = "";

  constructor(ask: AskAs) {
    this.#ask = ask;
  }

  /** POST /v1/consul/config/access. */
  configureAccess(token: string): void {
    this.#token = token;
  }

  /** POST /v1/consul/roles/NAME. */
  writeRole(name: string, role: EngineRole): void {
    this.#roles.set(name, role);
  }

  /** GET /v1/consul/creds/NAME. @throws Error for a role that was not written */
  async credentials(name: string): Promise<Lease> {
    const role = this.#roles.get(name);
    if (!role) throw new Error(`Role ${JSON.stringify(name)} not found`);
    const body = {
      ...{ CreateIndex: 0, ModifyIndex: 0, AccessorID: "", SecretID: "" },
      Description: `Vault ${name} token ${Date.now()}000000`,
      Policies: role.policies.map((policy) => ({ ID: "", Name: policy })),
      ...{ Local: true, CreateTime: "0001-01-01T00:00:00Z" },
    };
    const answer = await this.#ask(this.#token, "PUT", "/v1/acl/token", body);
    expect([answer.status, answer.text]).toEqual([200, expect.stringContaining("SecretID")]);
    const { AccessorID, SecretID } = answer.json as { AccessorID: string; SecretID: string };
    return { accessor: AccessorID, secret: SecretID };
  }

  /** The end of a lease. */
  async revoke({ accessor }: Lease): Promise<void> {
    const answer = await this.#ask(this.#token, "DELETE", `/v1/acl/token/${accessor}`);
    expect([answer.status, answer.text.trim()]).toEqual([200, "true"]);
  }
}
