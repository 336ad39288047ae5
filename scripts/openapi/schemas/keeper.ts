import {
  anyObject,
  count,
  either,
  integer,
  listOf,
  object,
  oneOf,
  openObject,
  ref,
  type Schema,
  type Schemas,
  text,
  texts,
} from "../schema.ts";

const version = { apiVersion: { const: "v3" } } as const;
const healthCheck = object({ interval: text, path: text, type: text });
const status = oneOf("UP", "DOWN", "UNKNOWN", "HALT");

function answer(fields: Readonly<Record<string, Schema>>, optional?: Readonly<Record<string, Schema>>): Schema {
  return object({ ...version, statusCode: integer, ...fields }, optional);
}

/** Consul's API aside: the bodies of core-keeper's. Unknown fields of requests are ignored. */
export const keeperSchemas: Schemas = {
  KeeperError: either(answer({ message: text }), object({ message: text })),
  KeeperPing: object({ ...version, timestamp: text, serviceName: text }),
  KeeperVersion: object({ ...version, version: text, serviceName: text }),
  KeeperConfig: object({ ...version, config: anyObject, serviceName: text }),
  KeeperSecretRequest: openObject(
    { ...version, secretName: text, secretData: listOf(openObject({ key: text, value: text })) },
    { requestId: text },
  ),
  KeeperSecretStored: answer({}, { requestId: text }),
  KeeperKey: object({ key: text, Created: count, Modified: count, value: text }),
  KeeperKeys: answer({ response: either(texts, listOf(ref("KeeperKey"))) }),
  KeeperKeyNames: answer({ response: texts }),
  KeeperKeyRequest: openObject({ value: {} }, { ...version, requestId: text }),
  KeeperRegistration: object(
    { serviceId: text, status, host: text, port: integer, HealthCheck: healthCheck },
    { created: count, modified: count },
  ),
  KeeperRegistrationRequest: openObject(
    {
      ...version,
      registration: openObject(
        {
          serviceId: text,
          host: text,
          port: integer,
          healthCheck: openObject({ interval: text, path: text, type: text }),
        },
        { status },
      ),
    },
    { requestId: text },
  ),
  KeeperRegistered: answer({ serviceName: text }),
  KeeperRegistrations: answer({ totalCount: count, registrations: listOf(ref("KeeperRegistration")) }),
  KeeperOneRegistration: answer({ registration: ref("KeeperRegistration") }),
};
