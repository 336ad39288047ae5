import { expect } from "bun:test";
import type { Answer } from "../exchange.ts";
import type { AskAs, ConsulEngine } from "./consul-engine.ts";

/** A release of EdgeX, by its use of access control. */
export interface Release {
  readonly name: string;
  /** Whether each service has a policy of its own; else all share edgex-service-policy. */
  readonly hasPolicyPerService: boolean;
  /** Whether the secret of a token is read by its accessor; else it is taken from the list of tokens. */
  readonly readsTokenByAccessor: boolean;
  /** The folder of a service's configuration, without a slash at its end. */
  readonly folderOf: (service: string) => string;
  /** The folder that all services may read; undefined if the release lacks it. */
  readonly commonFolder: string | undefined;
}

export const releases: readonly Release[] = [
  {
    name: "2.1",
    ...{ hasPolicyPerService: false, readsTokenByAccessor: true, commonFolder: undefined },
    folderOf: (service) => `edgex/core/2.0/${service}`,
  },
  {
    name: "2.3",
    ...{ hasPolicyPerService: true, readsTokenByAccessor: false, commonFolder: undefined },
    folderOf: (service) => `edgex/core/2.0/${service}`,
  },
  {
    name: "3.1",
    ...{ hasPolicyPerService: true, readsTokenByAccessor: false },
    commonFolder: "edgex/v3/core-common-config-bootstrapper",
    folderOf: (service) => `edgex/v3/${service}`,
  },
];

/** The files that setupRegistryACL keeps in EdgeX's volumes. */
export interface SecretsVolume {
  bootstrapToken?: string;
  managementToken?: string;
  /** The file consul_acl_done. */
  isDone?: boolean;
}

interface ListedToken {
  readonly AccessorID: string;
  readonly SecretID?: string;
  readonly Description: string;
}

interface SetupParts {
  readonly ask: AskAs;
  readonly vault: ConsulEngine;
  readonly volume: SecretsVolume;
  readonly release: Release;
  readonly roles: readonly string[];
}

/** Sends the requests of `security-bootstrapper setupRegistryACL`, in its order, for the first start and for later ones. */
export class RegistryAclSetup {
  readonly #parts: SetupParts;

  constructor(parts: SetupParts) {
    this.#parts = parts;
  }

  /** @throws Error with EdgeX's text when it gives up */
  async run(): Promise<void> {
    const { volume } = this.#parts;
    if (volume.isDone) return this.#runAgain();
    const leader = await this.#parts.ask(undefined, "GET", "/v1/status/leader");
    expect(leader.status).toBe(200);
    expect(leader.text.trim()).not.toBe('""');
    const bootstrap = await this.#parts.ask(undefined, "PUT", "/v1/acl/bootstrap");
    if (bootstrap.status !== 200) throw new Error(`failed to bootstrap registry's ACL: ${bootstrap.text}`);
    const { SecretID, Policies } = bootstrap.json as { SecretID: string; Policies: readonly { Name: string }[] };
    expect(Policies.map(({ Name }) => Name)).toEqual(["global-management"]);
    volume.bootstrapToken = SecretID;
    await this.#writeRoles();
    await this.#giveAgentToken();
    await this.#makeManagementToken();
    volume.isDone = true;
  }

  async #runAgain(): Promise<void> {
    await this.#giveAgentToken();
    await this.#writeRoles();
    if (this.#parts.volume.managementToken === undefined) await this.#makeManagementToken();
  }

  async #writeRoles(): Promise<void> {
    const { release, roles, vault } = this.#parts;
    vault.configureAccess(this.#bootstrapToken);
    for (const role of roles) {
      const name = release.hasPolicyPerService ? `acl_policy_for_${role}` : "edgex-service-policy";
      await this.#ensurePolicy(name, release.hasPolicyPerService ? servicePolicy(release, role) : sharedPolicy);
      vault.writeRole(role, { token_type: "client", policies: [name] });
    }
  }

  /** Returns the policy's id. EdgeX: a policy is absent if the answer is a 403 whose whole body is "ACL not found". */
  async #ensurePolicy(name: string, rules: string): Promise<string> {
    if (this.#parts.release.hasPolicyPerService) await this.#ok("GET", "/v1/acl/policies");
    const known = await this.#ask("GET", `/v1/acl/policy/name/${name}`);
    if (known.status === 200) return (known.json as { ID: string }).ID;
    expect([known.status, known.text]).toEqual([403, "ACL not found"]);
    const made = await this.#ok("PUT", "/v1/acl/policy", { Name: name, Description: `${name} of EdgeX`, Rules: rules });
    return (made.json as { ID: string }).ID;
  }

  async #giveAgentToken(): Promise<void> {
    const secret = await this.#tokenFor("agent", "edgex-agent-policy");
    await this.#ok("PUT", "/v1/agent/token/agent", { Token: secret });
  }

  async #makeManagementToken(): Promise<void> {
    if (!this.#parts.release.hasPolicyPerService) return;
    this.#parts.volume.managementToken = await this.#tokenFor("management", "edgex-management-policy");
  }

  /** Returns the secret of EdgeX's token of this kind, which is created if the list has none. */
  async #tokenFor(kind: "agent" | "management", policy: string): Promise<string> {
    const self = await this.#ok("GET", "/v1/agent/self");
    const { DebugConfig } = self.json as { DebugConfig: { ACLTokens?: { EnablePersistence?: boolean } } };
    const isPersistent = DebugConfig.ACLTokens?.EnablePersistence ?? false;
    const listed = (await this.#ok("GET", "/v1/acl/tokens")).json as readonly ListedToken[];
    const form = new RegExp(`edgex([0-9a-z\\- ]+)${kind} token`, "i");
    const found = listed.find(({ Description }) => form.test(Description));
    if (found && this.#parts.release.readsTokenByAccessor) {
      const read = await this.#ok("GET", `/v1/acl/token/${found.AccessorID}`);
      return (read.json as { SecretID: string }).SecretID;
    }
    if (found) {
      if (!found.SecretID) throw new Error(`${kind} token ID is required (persistent: ${isPersistent})`);
      return found.SecretID;
    }
    const id = await this.#ensurePolicy(policy, sharedPolicy);
    const made = await this.#ok("PUT", "/v1/acl/token", {
      Description: `edgex-core-consul ${kind} token`,
      Policies: [{ ID: id, Name: policy }],
      ...{ Local: true, ExpirationTTL: "0s" },
    });
    return (made.json as { SecretID: string }).SecretID;
  }

  get #bootstrapToken(): string {
    return this.#parts.volume.bootstrapToken ?? "";
  }

  #ask(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.#parts.ask(this.#bootstrapToken, method, path, body);
  }

  async #ok(method: string, path: string, body?: unknown): Promise<Answer> {
    const answer = await this.#ask(method, path, body);
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer;
  }
}

const nodeRules = `
node "" { policy = "read" }
node_prefix "edgex" { policy = "write" }`;

/** The rules of edgex-service-policy (2.0 to 2.2), and of the policies for the agent and for management. */
const sharedPolicy = `
agent "" { policy = "read" }
agent_prefix "edgex" { policy = "write" }${nodeRules}
service "" { policy = "write" }
service_prefix "" { policy = "write" }
key "" { policy = "write" }
key_prefix "" { policy = "write" }
`;

function servicePolicy({ folderOf, commonFolder }: Release, service: string): string {
  const common = commonFolder === undefined ? "" : `key_prefix "${commonFolder}" { policy = "read" }\n`;
  return `${nodeRules}
service "${service}" { policy = "write" }
service_prefix "" { policy = "read" }
key_prefix "${folderOf(service)}" { policy = "write" }
${common}`;
}
