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
];
