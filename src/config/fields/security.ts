import { type Field, unused, used } from "../field.ts";

/**
 * Fields about access control, which Praetor does not have. The agent refuses to start if one of the two fields that enable it is
 * set, since it would serve unprotected data that the configuration wants protected. The other fields have no effect.
 */
export const securityFields: readonly Field[] = [
  used(
    "acl.enabled",
    "bool",
    "false",
    "The agent refuses true: access control lists are not available, and it would serve unprotected data.",
  ),
  used("acl_datacenter", "string", "", "Deprecated: enables access control lists, and is refused like acl.enabled."),
  ...unused(
    "access control lists are not available",
    {
      enable_token_replication: "bool",
      policy_ttl: "duration",
      role_ttl: "duration",
      token_ttl: "duration",
      disabled_ttl: "duration",
      down_policy: "string",
      default_policy: "string",
      enable_key_list_policy: "bool",
      enable_token_persistence: "bool",
      msp_disable_bootstrap: "bool",
      "tokens.master": "string",
      "tokens.replication": "string",
      "tokens.agent_master": "string",
      "tokens.default": "string",
      "tokens.agent": "string",
      "tokens.managed_service_provider": "objects",
    },
    "acl.",
  ),
  ...unused("access control lists are not available", {
    acl_agent_master_token: "string",
    acl_agent_token: "string",
    acl_default_policy: "string",
    acl_disabled_ttl: "duration",
    acl_down_policy: "string",
    acl_enable_key_list_policy: "bool",
    acl_master_token: "string",
    acl_replication_token: "string",
    acl_token: "string",
    acl_ttl: "duration",
    enable_acl_replication: "bool",
  }),
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
