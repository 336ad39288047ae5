import { answers, answersNothing, json, type Operation, type Operations, plainText, takes } from "../operation.ts";
import { listOf, mapOf, ref, type Schema, text } from "../schema.ts";

const healthTexts = { [plainText]: text } as const;

function health(known: Schema, unknown: Schema): Operation {
  const content = { ...json(known), ...healthTexts };
  return { answers: { 200: content, 429: content, 503: content, 404: { ...json(unknown), ...healthTexts } } };
}

export const agentOperations: Operations = {
  "GET /v1/agent/self": answers(ref("AgentSelf")),
  "GET /v1/agent/members": answers({ anyOf: [listOf(ref("Member")), { type: "null" }] }),
  "GET /v1/agent/metrics": { answers: { 200: { ...json(ref("Metrics")), [plainText]: text } } },
  "GET /v1/agent/host": answers(ref("Host")),
  "GET /v1/agent/monitor": { answers: { 200: { [plainText]: text } } },
  "PUT /v1/agent/join/<address>": answersNothing,
  "PUT /v1/agent/force-leave/<node>": answersNothing,
  "PUT /v1/agent/reload": answersNothing,
  "PUT /v1/agent/leave": answersNothing,
  "PUT /v1/agent/maintenance": answersNothing,
  "PUT /v1/agent/token/<name>": takes(ref("AgentTokenRequest"), answersNothing),
  "GET /v1/agent/services": answers(mapOf(ref("AgentService"))),
  "GET /v1/agent/service/<id>": answers(ref("AgentService")),
  "PUT /v1/agent/service/register": takes(ref("ServiceDefinition"), answersNothing),
  "PUT /v1/agent/service/deregister/<id>": answersNothing,
  "PUT /v1/agent/service/maintenance/<id>": answersNothing,
  "GET /v1/agent/checks": answers(mapOf(ref("AgentCheck"))),
  "PUT /v1/agent/check/register": takes(ref("CheckDefinition"), answersNothing),
  "PUT /v1/agent/check/deregister/<id>": answersNothing,
  "PUT /v1/agent/check/pass/<id>": answersNothing,
  "PUT /v1/agent/check/warn/<id>": answersNothing,
  "PUT /v1/agent/check/fail/<id>": answersNothing,
  "PUT /v1/agent/check/update/<id>": takes(ref("CheckUpdate"), answersNothing),
  "GET /v1/agent/health/service/id/<id>": health(ref("ServiceHealth"), { anyOf: [ref("UnknownServiceHealth"), text] }),
  "GET /v1/agent/health/service/name/<name>": health(listOf(ref("ServiceHealth")), {
    type: ["array", "string"],
    maxItems: 0,
  }),
  "PUT /v1/event/fire/<name>": {
    body: { "application/octet-stream": {} },
    bodyRequired: false,
    ...answers(ref("Event")),
  },
  "GET /v1/event/list": answers(listOf(ref("Event"))),
};
