import { type Field, unused, used } from "../field.ts";

/** Fields of access control, with their names of before Consul 1.4, and of the key that a cluster's agents share. */
export const securityFields: readonly Field[] = [
  used(
    "acl.enabled",
    "bool",
    "false",
    "Checks the permissions of each request by its token. docs/security.md explains it.",
  ),
  used("acl.default_policy", "string", "allow", "The decision where no rule speaks: allow or deny."),
  used(
    "acl.mode",
    "string",
    "enforce",
    "With observe the agent refuses nothing but access control's own objects, and lists what it would refuse: docs/audit.md.",
  ),
  used("acl.enable_key_list_policy", "bool", "false", "Listing keys needs the right to list their prefix."),
  used(
    "acl.enable_token_persistence",
    "bool",
    "false",
    "Keeps the tokens that PUT /v1/agent/token gives to the agent in the data folder, so that they hold after a restart.",
  ),
  used(
    "acl.tokens.master",
    "string",
    "",
    "Secret of a token that may do everything, which a server creates at its start.",
  ),
  used("acl.tokens.default", "string", "", "Secret of the token of requests without one, and of DNS."),
  used("acl.tokens.agent", "string", "", "Secret of the token of the agent's own requests to servers."),
  used("acl.tokens.agent_master", "string", "", "Secret for requests to this agent itself, also without a server."),
  used("acl_datacenter", "string", "", "Deprecated: turns access control on, unless acl.enabled says otherwise."),
  used("acl_agent_master_token", "string", "", "Deprecated name of acl.tokens.agent_master."),
  used("acl_agent_token", "string", "", "Deprecated name of acl.tokens.agent."),
  used("acl_default_policy", "string", "", "Deprecated name of acl.default_policy."),
  used("acl_enable_key_list_policy", "bool", "", "Deprecated name of acl.enable_key_list_policy."),
  used("acl_master_token", "string", "", "Deprecated name of acl.tokens.master."),
  used("acl_token", "string", "", "Deprecated name of acl.tokens.default."),
  used(
    "acl.token_ttl",
    "duration",
    "30s",
    "How long a client agent relies on what a server has told it about a token. A server reads its own store.",
  ),
  used("acl.policy_ttl", "duration", "30s", "The same for policies. The shortest of the three times holds for all."),
  used("acl.role_ttl", "duration", "30s", "The same for roles."),
  used(
    "acl.down_policy",
    "string",
    "extend-cache",
    "The decision of a client agent about a token while no server answers: allow, deny, or extend-cache and async-cache, with which " +
      "the last answer goes on and other tokens may do nothing. With async-cache no request waits for a newer answer.",
  ),
  used("acl_down_policy", "string", "", "Deprecated name of acl.down_policy."),
  used("acl_ttl", "duration", "", "Deprecated name of acl.token_ttl."),
  ...unused("there is one datacenter", { enable_token_replication: "bool", "tokens.replication": "string" }, "acl."),
  ...unused(
    "it belongs to Consul Enterprise",
    { msp_disable_bootstrap: "bool", "tokens.managed_service_provider": "objects" },
    "acl.",
  ),
  ...unused("Consul itself ignores it", { "acl.disabled_ttl": "duration", acl_disabled_ttl: "duration" }),
  ...unused("there is one datacenter", { acl_replication_token: "string", enable_acl_replication: "bool" }),
  used(
    "encrypt",
    "string",
    "",
    "Secret key of 16, 24 or 32 bytes in base64, the same on all agents: it encrypts and authenticates their connections. " +
      "Without it, and without verify_incoming_rpc, a server accepts agents of its own machine only.",
  ),
  ...unused("agents do not gossip; with encrypt, all their connections are encrypted", {
    encrypt_verify_incoming: "bool",
    encrypt_verify_outgoing: "bool",
    disable_keyring_file: "bool",
  }),
];
