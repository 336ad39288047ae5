import { answers, answersNothing, json, type Operations, refused, takes } from "../operation.ts";
import { anyObject, boolean, listOf, nothing, ref, text, texts } from "../schema.ts";

const archive = { "application/x-gzip": {} } as const;

export const operatorOperations: Operations = {
  "GET /v1/operator/raft/configuration": answers(ref("RaftConfiguration")),
  "DELETE /v1/operator/raft/peer": answersNothing,
  "GET /v1/operator/autopilot/configuration": answers(ref("Autopilot")),
  "PUT /v1/operator/autopilot/configuration": takes(ref("AutopilotRequest"), answers(boolean)),
  "GET /v1/operator/autopilot/health": {
    answers: { 200: json(ref("AutopilotHealth")), 429: json(ref("AutopilotHealth")) },
  },
  "GET /v1/operator/keyring": refused,
  "POST /v1/operator/keyring": takes(ref("KeyringRequest"), refused),
  "PUT /v1/operator/keyring": takes(ref("KeyringRequest"), refused),
  "DELETE /v1/operator/keyring": takes(ref("KeyringRequest"), refused),
  "GET /v1/snapshot": { answers: { 200: archive } },
  "PUT /v1/snapshot": { body: archive, ...answersNothing },
  "GET /v1/status/leader": answers(text),
  "GET /v1/status/peers": answers(texts),
};

/** The endpoints of the service mesh: most refuse, since there is no mesh. */
export const meshOperations: Operations = {
  "GET /v1/agent/connect/ca/roots": refused,
  "GET /v1/agent/connect/ca/leaf/<service>": refused,
  "GET /v1/connect/ca/configuration": refused,
  "PUT /v1/connect/ca/configuration": takes(anyObject, refused),
  "GET /v1/connect/ca/roots": refused,
  "GET /v1/discovery-chain/<service>": refused,
  "POST /v1/discovery-chain/<service>": takes(anyObject, refused),
  "POST /v1/agent/connect/authorize": takes(ref("ConnectQuestion"), answers(ref("ConnectAuthorization"))),
  "GET /v1/connect/intentions": answers(listOf(nothing)),
  "POST /v1/connect/intentions": takes(anyObject, refused),
  "GET /v1/connect/intentions/<id>": refused,
  "PUT /v1/connect/intentions/<id>": takes(anyObject, refused),
  "DELETE /v1/connect/intentions/<id>": refused,
  "GET /v1/connect/intentions/match": answers(ref("NullsByName")),
  "GET /v1/connect/intentions/check": answers(ref("IntentionDecision")),
  "PUT /v1/config": takes(anyObject, refused),
  "GET /v1/config/<kind/name>": answers(listOf(nothing)),
  "DELETE /v1/config/<kind/name>": answers(nothing),
  "GET /v1/internal/federation-states": answers(listOf(ref("FederationState"))),
  "GET /v1/internal/federation-state/<datacenter>": answers(ref("FederationStateAnswer")),
  "GET /v1/internal/federation-states/mesh-gateways": answers(nothing),
};
