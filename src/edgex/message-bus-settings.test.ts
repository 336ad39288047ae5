import { expect, test } from "bun:test";
import { messageBusSettings } from "./message-bus-settings.ts";

test.each([
  [{}, undefined],
  [{ MESSAGEBUS_PORT: "1884" }, undefined],
  [{ MESSAGEBUS_TYPE: "mqtt" }, { url: "mqtt://localhost:1883" }],
  [{ MESSAGEBUS_HOST: "edgex-mqtt-broker" }, { url: "mqtt://edgex-mqtt-broker:1883" }],
  [{ MESSAGEBUS_HOST: "b", MESSAGEBUS_PROTOCOL: "ssl", MESSAGEBUS_PORT: "8883" }, { url: "mqtts://b:8883" }],
  [{ MESSAGEBUS_HOST: "::1", MESSAGEBUS_PROTOCOL: "tcp" }, { url: "mqtt://[::1]:1883" }],
  [
    { MESSAGEBUS_HOST: "b", EDGEX_MSG_BASE64_PAYLOAD: "true" },
    { url: "mqtt://b:1883", base64_payload: true },
  ],
  [
    { MESSAGEBUS_HOST: "b", EDGEX_MSG_CBOR_ENCODE: "TRUE" },
    { url: "mqtt://b:1883", cbor: true },
  ],
  [{ MESSAGEBUS_HOST: "b", EDGEX_MSG_CBOR_ENCODE: "false" }, { url: "mqtt://b:1883" }],
] as const)("the environment %j configures the message bus %j", (env, configuration) => {
  expect(messageBusSettings(env)).toEqual({ configuration, warnings: [] });
});

test.each([
  [{ MESSAGEBUS_TYPE: "redis", MESSAGEBUS_HOST: "edgex-redis" }, 'MESSAGEBUS_TYPE is "redis"'],
  [{ MESSAGEBUS_HOST: "edgex-redis", MESSAGEBUS_PROTOCOL: "redis" }, 'MESSAGEBUS_PROTOCOL is "redis"'],
])("the environment %j, which names no MQTT broker, gives a warning and no message bus", (env, warning) => {
  const { configuration, warnings } = messageBusSettings(env);
  expect(configuration).toBeUndefined();
  expect(warnings).toEqual([`${warning}: only MQTT is supported; the agent does not publish changes of keys`]);
});

test.each(["0", "65536", "broker", "-1"])("MESSAGEBUS_PORT=%s gives a warning and the default port", (port) => {
  const { configuration, warnings } = messageBusSettings({ MESSAGEBUS_HOST: "b", MESSAGEBUS_PORT: port });
  expect(configuration?.url).toBe("mqtt://b:1883");
  expect(warnings).toEqual([`MESSAGEBUS_PORT is "${port}", which is not a port: using 1883`]);
});
