import { type Field, used } from "../field.ts";

/** What EdgeX has beside Consul: ports that are given anew, core-keeper's API, and its message bus. Consul has none of these. */
export const edgexFields: readonly Field[] = [
  used("ports.keeper", "int", "-1 (praetor edgex: 59890)", "Port of core-keeper's API; -1 switches it off."),
  used("addresses.keeper", "string", "client_addr", "Addresses of core-keeper's API only; also unix:///path."),
  used(
    "edgex.ports.policy",
    "string",
    "warn (praetor edgex: reassign)",
    "When a service wants a port that is another's: `off`, `warn`, `reassign` or `reject`.",
  ),
  used("edgex.ports.policies", "string map", "", "The same for single services, by name."),
  used("edgex.ports.range", "string", "28000-28999", "The ports to give, the first and the last."),
  used(
    "edgex.ports.reserved",
    "strings",
    "",
    'Ports that are never given and belong to no service: `"1883"`, or `"edgex-redis:6379"` for one host.',
  ),
  used(
    "edgex.message_bus.url",
    "string",
    "",
    "MQTT broker that changes of keys are told to, `mqtt://host:1883` or `mqtts://`; none: they are not told.",
  ),
  used("edgex.message_bus.client_id", "string", "praetor-NODE", "Name of this client at the broker."),
  used("edgex.message_bus.username", "string", "", "Name that the broker asks for."),
  used("edgex.message_bus.password", "string", "", "Password that the broker asks for."),
  used("edgex.message_bus.topic_prefix", "string", "edgex/configs", "Topics are this, a slash, and the key."),
  used("edgex.message_bus.key_prefixes", "strings", "edgex/", "Which keys are told of, by their beginnings."),
  used("edgex.message_bus.base64_payload", "bool", "false", "The payload as base64 of its JSON."),
  used("edgex.message_bus.cbor", "bool", "false", "The whole message in CBOR instead of JSON."),
];
