import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type AgentProcess, openSandbox } from "../support/agent-process.ts";
import { type Answer, exchange } from "../support/exchange.ts";
import { freePorts } from "../support/free-ports.ts";
import { registrationBody } from "../support/keeper.ts";

const sandbox = openSandbox();
const master = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0001";
const rules = `
key_prefix "edgex/v4/core-data" { policy = "write" }
key_prefix "edgex/v4/core-common-config-bootstrapper" { policy = "read" }
service "core-data" { policy = "write" }
service_prefix "" { policy = "read" }
node_prefix "" { policy = "read" }
`;

let agent: AgentProcess;
let keeperUrl: string;
let token: string;

beforeAll(async () => {
  const [keeper = 0] = await freePorts(1);
  const acl = `acl { enabled = true default_policy = "deny" tokens { master = "${master}" } }`;
  agent = await sandbox.start("-dev", "-hcl", `${acl} ports { keeper = ${keeper} } addresses { keeper = "127.0.0.1" }`);
  await agent.ready();
  keeperUrl = `http://127.0.0.1:${keeper}`;
  const headers = { "X-Consul-Token": master };
  const put = (path: string, body: object): Promise<Answer> => agent.send("PUT", path, { headers, body });
  expect((await put("/v1/acl/policy", { Name: "core-data", Rules: rules })).status).toBe(200);
  const made = await put("/v1/acl/token", { Policies: [{ Name: "core-data" }] });
  token = (made.json as { SecretID: string }).SecretID;
});
afterAll(() => sandbox.close());

/** @param request method and path below /api/v3 */
function ask(authorization: string | undefined, request: string, body?: unknown): Promise<Answer> {
  const [method = "", path = ""] = request.split(" ");
  const headers: Record<string, string> = authorization === undefined ? {} : { Authorization: authorization };
  return exchange(keeperUrl, method, { path: `/api/v3${path}`, headers, body });
}

const registration = (serviceId: string): object => registrationBody({ serviceId });

describe("core-keeper's API with access control", () => {
  test("answers ping to everybody, and nothing else without a token that exists", async () => {
    expect((await ask(undefined, "GET /ping")).status).toBe(200);
    for (const request of ["GET /version", "GET /config", "GET /kvs/key/edgex", "GET /registry/all", "POST /secret"])
      for (const sent of [undefined, "Bearer", "Basic eDp5", "Bearer 00000000-1111-2222-3333-444444444444"]) {
        const { status, text } = await ask(sent, request);
        expect([request, sent, status, text.trim()]).toEqual([request, sent, 401, '{"message":"Unauthorized"}']);
      }
  });

  test("takes an agent's token as bearer, with the scheme in any letter case", async () => {
    for (const scheme of ["Bearer", "bearer", "BEARER"])
      expect((await ask(`${scheme} ${token}`, "GET /version")).status).toBe(200);
  });

  test("lets a service write its own configuration, read the common one, and see no other", async () => {
    const as = `Bearer ${token}`;
    const own = "/kvs/key/edgex/v4/core-data/Writable/LogLevel";
    const common = "/kvs/key/edgex/v4/core-common-config-bootstrapper/all-services/Writable/LogLevel";
    const other = "/kvs/key/edgex/v4/core-command/Writable/LogLevel";
    for (const path of [common, other]) await ask(`Bearer ${master}`, `PUT ${path}`, { value: "INFO" });
    expect((await ask(as, `PUT ${own}`, { value: "DEBUG" })).status).toBe(200);
    expect((await ask(as, `GET ${own}?plaintext=true`)).text).toContain('"DEBUG"');
    expect((await ask(as, `GET ${common}?plaintext=true`)).text).toContain('"INFO"');
    expect((await ask(as, `PUT ${common}`, { value: "TRACE" })).status).toBe(403);
    expect((await ask(as, `PUT ${other}`, { value: "TRACE" })).status).toBe(403);
    expect((await ask(as, `DELETE ${other}`)).status).toBe(403);
    expect([403, 404]).toContain((await ask(as, `GET ${other}`)).status);
    const tree = (await ask(as, "GET /kvs/key/edgex/v4?keyOnly=true")).text;
    expect(tree).toContain("core-data");
    expect(tree).not.toContain("core-command");
  });

  test("lets a service register itself, and no other", async () => {
    const as = `Bearer ${token}`;
    expect((await ask(as, "POST /registry", registration("core-data"))).status).toBe(201);
    expect((await ask(as, "POST /registry", registration("core-command"))).status).toBe(403);
    expect((await ask(as, "GET /registry/serviceId/core-data")).status).toBe(200);
    expect((await ask(`Bearer ${master}`, "POST /registry", registration("core-command"))).status).toBe(201);
    expect((await ask(as, "DELETE /registry/serviceId/core-command")).status).toBe(403);
    expect((await ask(as, "DELETE /registry/serviceId/core-data")).status).toBe(204);
  });
});
