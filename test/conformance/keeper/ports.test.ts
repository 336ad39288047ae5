import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "bun:test";
import { freePorts } from "../../support/free-ports.ts";
import { type KeeperTarget, registrationBody, shownRegistration, startKeeperTarget } from "../../support/keeper.ts";
import { KeeperConfigurationClient } from "../../support/keeper-client.ts";

let given = 0;
let taken = 0;
let keeper: KeeperTarget;

beforeAll(async () => {
  [given = 0, taken = 0] = await freePorts(2);
  const policies = `policies = { refused = "reject" }`;
  const ports = `edgex { ports { policy = "reassign", range = "${given}-${given}", ${policies} } }`;
  keeper = await startKeeperTarget("-hcl", ports);
  const answer = await keeper.consul("PUT /agent/service/register", {
    Name: "first",
    Port: taken,
    Address: "127.0.0.1",
  });
  expect(answer.status).toBe(200);
});

afterAll(() => keeper.target.stop());

describe("a service of EdgeX 4 whose port is taken by another service", () => {
  test("is registered, is assigned another port, and is DOWN until it registers with the assigned port", async () => {
    const answer = await keeper.ask("POST /registry", registrationBody({ serviceId: "second", port: taken }));
    onTestFinished(async () => void (await keeper.ask("DELETE /registry/serviceId/second")));
    expect(answer.status).toBe(201);
    expect(answer.header("X-EdgeX-Port-Changed")).toBe(`${taken}->${given}`);
    expect(await shownRegistration(keeper, "second")).toMatchObject({ port: taken, status: "DOWN" });
    const record = await keeper.consul("GET /praetor/ports/second");
    expect(record.json).toMatchObject({ oldPort: taken, newPort: given, owner: "first", state: "pending" });

    const moved = await keeper.ask("PUT /registry", registrationBody({ serviceId: "second", port: given }));
    expect([moved.status, moved.header("X-EdgeX-Port-Changed")]).toEqual([204, undefined]);
    expect(await shownRegistration(keeper, "second")).toMatchObject({ port: given, status: "UNKNOWN" });
    expect((await keeper.consul("GET /praetor/ports/second")).json).toMatchObject({ state: "active" });
  });

  test("reads the assigned port from its configuration", async () => {
    const configuration = new KeeperConfigurationClient(keeper.ask, "edgex/v4/third");
    onTestFinished(async () => void (await keeper.ask("DELETE /kvs/key/edgex/v4/third?prefixMatch=true")));
    await configuration.putConfiguration({ Service: { Host: "127.0.0.1", Port: taken } });
    expect(await configuration.getConfiguration()).toEqual({ Service: { Host: "127.0.0.1", Port: String(given) } });
  });

  test("is refused under the policy reject, and none of its data is stored", async () => {
    const answer = await keeper.ask("POST /registry", registrationBody({ serviceId: "refused", port: taken }));
    expect(answer.status).toBe(409);
    expect(answer.text).toContain("first");
    expect((await keeper.ask("GET /registry/serviceId/refused")).status).toBe(404);
    expect((await keeper.ask("GET /registry/all?deregistered=true")).text).not.toContain("refused");
  });
});
