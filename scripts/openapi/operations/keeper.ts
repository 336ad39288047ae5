import { answers, json, type Operation, type Operations, takes } from "../operation.ts";
import { ref, type Schema } from "../schema.ts";

const registration = ref("KeeperRegistrationRequest");

function created(schema: Schema): Operation {
  return { answers: { 201: json(schema) } };
}

/** Praetor sends no body with a 204, but core-keeper's type for it. */
const noContent: Operation = { answers: { 204: null } };

export const keeperOperations: Operations = {
  "GET /api/v3/ping": answers(ref("KeeperPing")),
  "GET /api/v3/version": answers(ref("KeeperVersion")),
  "GET /api/v3/config": answers(ref("KeeperConfig")),
  "POST /api/v3/secret": takes(ref("KeeperSecretRequest"), created(ref("KeeperSecretStored"))),
  "GET /api/v3/kvs/key/<key>": answers(ref("KeeperKeys")),
  "PUT /api/v3/kvs/key/<key>": takes(ref("KeeperKeyRequest"), answers(ref("KeeperKeyNames"))),
  "DELETE /api/v3/kvs/key/<key>": answers(ref("KeeperKeyNames")),
  "POST /api/v3/registry": takes(registration, created(ref("KeeperRegistered"))),
  "PUT /api/v3/registry": takes(registration, noContent),
  "GET /api/v3/registry/all": answers(ref("KeeperRegistrations")),
  "GET /api/v3/registry/serviceId/<serviceId>": answers(ref("KeeperOneRegistration")),
  "DELETE /api/v3/registry/serviceId/<serviceId>": noContent,
};
