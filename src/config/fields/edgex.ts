import { type Field, used } from "../field.ts";

/** Praetor's own fields, for EdgeX: port assignment, core-keeper's API and the message bus. */
export const edgexFields: readonly Field[] = [
  used("ports.keeper", "int", "-1 (praetor edgex: 59890)", "Port of core-keeper's API; -1 switches it off."),
  used("addresses.keeper", "string", "client_addr", "Addresses of core-keeper's API only; also unix:///path."),
  used(
    "edgex.ports.policy",
    "string",
    "warn (praetor edgex: reassign)",
    "What to do when a service registers a port that another service has: `off`, `warn`, `reassign` or `reject`.",
  ),
  used("edgex.ports.policies", "string map", "", "Policies of single services, by name."),
  used("edgex.ports.range", "string", "28000-28999", "The ports to assign: the first and the last."),
  used(
    "edgex.ports.reserved",
    "strings",
    "",
    'Ports that belong to no service and are never assigned: `"1883"`, or `"edgex-redis:6379"` for one host.',
  ),
  used(
    "edgex.message_bus.url",
    "string",
    "",
    "MQTT broker to publish changed keys to, `mqtt://host:1883` or `mqtts://`; empty publishes none.",
  ),
  used("edgex.message_bus.client_id", "string", "praetor-NODE", "MQTT client id."),
  used("edgex.message_bus.username", "string", "", "User name for the broker."),
  used("edgex.message_bus.password", "string", "", "Password for the broker."),
  used(
    "edgex.message_bus.topic_prefix",
    "string",
    "edgex/configs",
    "A key's topic is this prefix, a slash and the key.",
  ),
  used("edgex.message_bus.key_prefixes", "strings", "edgex/", "Prefixes of the keys to publish."),
  used("edgex.message_bus.base64_payload", "bool", "false", "Publish the payload as base64 of its JSON."),
  used("edgex.message_bus.cbor", "bool", "false", "Publish messages in CBOR instead of JSON."),
  used(
    "edgex.jwt.keys",
    "string",
    "",
    "Public keys of the JWTs that core-keeper's API accepts: the URL or the file of a JSON Web Key Set, or a file of PEM keys. " +
      "docs/security.md explains it.",
  ),
  used(
    "edgex.jwt.secret_store",
    "string",
    "",
    "Instead of keys: the address of the secret store that checks each JWT, `http://host:8200` or `https://`.",
  ),
  used(
    "edgex.jwt.token_file",
    "string",
    "",
    "The file with the agent's own token for the secret store: the token alone, or EdgeX's `secrets-token.json`.",
  ),
  used(
    "edgex.jwt.ca_file",
    "string",
    "those of the system",
    "Certificates, as PEM, from which that of the server of the keys or of the secret store must descend.",
  ),
  used("edgex.jwt.issuer", "string", "/v1/identity/oidc", "The issuer (`iss`) that a JWT must have."),
  used("edgex.jwt.audiences", "strings", "edgex", "Audiences (`aud`), one of which a JWT must have."),
];
