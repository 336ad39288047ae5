import { expect, test } from "bun:test";
import { OperatingError } from "../lib/errors.ts";
import { decodeCatalogDeregister, decodeCatalogRegister } from "./catalog-register.ts";
import { decodeCheckDefinition } from "./check-definition.ts";
import { renderGoJson } from "./go-json.ts";
import { parseJson } from "./json.ts";
import { decodeServiceDefinition } from "./service-definition.ts";
import { encodeAgentService } from "./service.ts";

/**
 * consul-answers.jsonl holds the responses of Consul 1.8.7 to 300 bodies, one JSON array per line: endpoint, body, status, error
 * text and, for an accepted service, what agent/services and agent/checks showed afterwards.
 */
type Answer = [endpoint: string, body: string, status: number, text: string, shown?: Shown];
interface Shown {
  readonly services: Record<string, unknown>;
  readonly checks: Record<string, Record<"CheckID" | "Name" | "Status" | "ServiceID" | "Type", string>>;
}

const decoders: Record<string, (json: unknown) => unknown> = {
  "agent/service/register": (json) => decodeServiceDefinition(json, { source: "api" }),
  "agent/check/register": (json) => decodeCheckDefinition(json, { source: "api" }),
  "catalog/register": decodeCatalogRegister,
  "catalog/deregister": decodeCatalogDeregister,
};

const lines = (await Bun.file(`${import.meta.dir}/consul-answers.jsonl`).text()).trim().split("\n");
const answers: Answer[] = lines.map((line) => JSON.parse(line));

test("each recorded request body is accepted or refused as by Consul, with the same status and text", () => {
  expect(answers.length).toBeGreaterThan(250);
  for (const [endpoint, body, status, text] of answers) {
    expect({ endpoint, body, ...outcome(endpoint, body) }).toEqual({ endpoint, body, status, text });
  }
});

test("a registered service and its checks are encoded as Consul's agent shows them", () => {
  const taken = answers.filter(([, , status, , shown]) => status === 200 && shown !== undefined);
  expect(taken.length).toBeGreaterThan(40);
  for (const [, body, , , shown] of taken) {
    const { service, checks } = decodeServiceDefinition(parse(body), { source: "api" });
    const rendered = renderGoJson({ [service.id]: encodeAgentService(service) }, { pretty: false });
    expect(rendered).toBe(renderGoJson(shown?.services, { pretty: false }));
    const identities = checks.map((check) => [
      check.id,
      check.name,
      check.initialStatus,
      check.serviceId,
      check.method.kind,
    ]);
    const expected = Object.values(shown?.checks ?? {}).map((c) => [c.CheckID, c.Name, c.Status, c.ServiceID, c.Type]);
    expect(sorted(identities)).toEqual(sorted(expected));
  }
});

test.each([
  ["agent/service/register", '{"Port":1.0,"Name":"a"}', 200, "1.0 is a whole number; Consul refuses it"],
  ["agent/service/register", '{"Name":"a","Meta":{"__proto__":"1"}}', 400, "no field may be called __proto__"],
  ["agent/service/register", '{"Name":"a","Checks":[null]}', 400, "Consul's handler panics"],
  ["agent/check/register", '{"Name":"c","AliasNode":"x"}', 200, "Consul's agent crashes"],
  [
    "catalog/register",
    '{"Node":"n","Address":"a","Check":{"Name":"c","Definition":null}}',
    200,
    "Consul's handler panics",
  ],
  [
    "catalog/register",
    '{"Node":"n","Address":"a","Check":{"Name":"c","Status":"bad"}}',
    400,
    "Consul stores any status",
  ],
  ["catalog/register", '{"Node":"n","Address":"a","Service":{}}', 500, "Consul speaks of its index"],
])("the endpoint %s answers differently from Consul on purpose for the body %s: %d (%s)", (endpoint, body, status) => {
  expect(outcome(endpoint, body).status).toBe(status);
});

function sorted(identities: readonly string[][]): string[] {
  return identities.map((identity) => identity.join(" | ")).toSorted();
}

function parse(body: string): unknown {
  return parseJson(new TextEncoder().encode(body));
}

function outcome(endpoint: string, body: string): { status: number; text: string } {
  try {
    decoders[endpoint]?.(parse(body));
    return { status: 200, text: "" };
  } catch (thrown) {
    if (!(thrown instanceof OperatingError)) throw thrown;
    return { status: thrown.code === "catalog-validation" ? 500 : 400, text: thrown.message };
  }
}
