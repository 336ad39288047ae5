import { describe, expect, test } from "bun:test";
import {
  expectEmpty,
  expectError,
  get,
  masked,
  put,
  registerService,
  send,
  sharedTarget,
  unique,
} from "../support/conformance.ts";
import { checkText } from "../support/expected.ts";

await sharedTarget();

const plainColumns = '"Weights":{"Passing":1,"Warning":1},"EnableTagOverride":false';

async function serviceText(id: string): Promise<string> {
  const answer = await get(`/v1/agent/service/${encodeURIComponent(id)}`);
  expect(answer.status).toBe(200);
  return masked(answer.text);
}

function bareText(name: string, more = plainColumns): string {
  return `{"ID":"${name}","Service":"${name}","Tags":[],"Meta":{},"Port":0,"Address":"",${more},"ContentHash":"<hash>"}`;
}

describe("registering a service", () => {
  test("requires only a name, which is also used as the ID", async () => {
    const Name = unique("web");
    await registerService({ Name });
    expect(await serviceText(Name)).toBe(bareText(Name));
  });

  test("succeeds for the registrations that EdgeX's Go services send", async () => {
    const Name = unique("edgex-core-data");
    await registerService({ Name, Port: 48080, Address: "edgex-core-data", Check: null, Checks: null });
    expect(await serviceText(Name)).toBe(
      `{"ID":"${Name}","Service":"${Name}","Tags":[],"Meta":{},"Port":48080,"Address":"edgex-core-data",${plainColumns},"ContentHash":"<hash>"}`,
    );
  });

  test("with an IP address sets the tagged addresses, too", async () => {
    const Name = unique("web");
    await registerService({ Name, Address: "10.1.2.3", Port: 8080, Tags: ["v1", "primary"], Meta: { b: "2", a: "1" } });
    expect(await serviceText(Name)).toBe(
      `{"ID":"${Name}","Service":"${Name}","Tags":["v1","primary"],"Meta":{"a":"1","b":"2"},"Port":8080,"Address":"10.1.2.3",` +
        '"TaggedAddresses":{"lan_ipv4":{"Address":"10.1.2.3","Port":8080},"wan_ipv4":{"Address":"10.1.2.3","Port":8080}},' +
        `${plainColumns},"ContentHash":"<hash>"}`,
    );
  });

  test("with an IPv6 address sets the tagged addresses of IPv6, too", async () => {
    const Name = unique("web");
    await registerService({ Name, Address: "fd00::1", Port: 1 });
    expect(await serviceText(Name)).toContain(
      '"TaggedAddresses":{"lan_ipv6":{"Address":"fd00::1","Port":1},"wan_ipv6":{"Address":"fd00::1","Port":1}}',
    );
  });

  test("stores weights, EnableTagOverride and tagged addresses", async () => {
    const Name = unique("web");
    const TaggedAddresses = { lan: { address: "198.51.100.1", port: 5 }, wan: { Address: "198.51.100.2", Port: 6 } };
    await registerService({ Name, TaggedAddresses, Weights: { Passing: 10, Warning: 3 }, EnableTagOverride: true });
    expect(await serviceText(Name)).toBe(
      `{"ID":"${Name}","Service":"${Name}","Tags":[],"Meta":{},"Port":0,"Address":"",` +
        '"TaggedAddresses":{"lan":{"Address":"198.51.100.1","Port":5},"wan":{"Address":"198.51.100.2","Port":6}},' +
        '"Weights":{"Passing":10,"Warning":3},"EnableTagOverride":true,"ContentHash":"<hash>"}',
    );
  });

  test("accepts field names in upper and lower case, and in snake case where Consul does", async () => {
    const name = unique("web");
    await registerService({ Name: name });
    expectEmpty(await put("/v1/agent/service/register", { NAME: name, port: 7, enable_tag_override: true }));
    expect(await serviceText(name)).toBe(
      `{"ID":"${name}","Service":"${name}","Tags":[],"Meta":{},"Port":7,"Address":"","Weights":{"Passing":1,"Warning":1},"EnableTagOverride":true,"ContentHash":"<hash>"}`,
    );
  });

  test("accepts any port, any host name as address, and any characters in the service's name", async () => {
    const Name = `${unique("a b")}/c`;
    await registerService({ Name, Port: 70_000, Address: "no such host!" });
    const entry = (await get("/v1/agent/services")).json as Record<string, { Port: number; Address: string }>;
    expect(entry[Name]).toMatchObject({ Port: 70_000, Address: "no such host!" });
    expect(await serviceText(Name)).toContain(`"ID":"${Name}"`);
  });

  test("under two IDs that differ only in letter case adds two services to the agent and one to the catalog, with the data of the later registration", async () => {
    const name = unique("web");
    const upper = name.toUpperCase();
    await registerService({ Name: upper, Port: 1 });
    await registerService({ Name: name, Port: 2 });
    expect((await get("/v1/agent/services")).json).toMatchObject({ [upper]: { Port: 1 }, [name]: { Port: 2 } });
    expect((await get(`/v1/catalog/service/${upper}`)).json).toMatchObject([{ ServiceID: name, ServicePort: 2 }]);
    expectEmpty(await put(`/v1/agent/service/deregister/${upper}`));
    expect((await get("/v1/agent/services")).json).toMatchObject({ [name]: { Port: 2 } });
  });

  test("ignores text after the JSON value of the body", async () => {
    const Name = unique("web");
    await registerService({ Name });
    expectEmpty(await put("/v1/agent/service/register", `{"Name":"${Name}","Port":3} and more`));
    expect(await serviceText(Name)).toContain('"Port":3');
  });

  test("ignores the content type of the request", async () => {
    const Name = unique("web");
    await registerService({ Name });
    const headers = { "Content-Type": "application/x-www-form-urlencoded" };
    expectEmpty(await send("PUT", "/v1/agent/service/register", { body: { Name, Port: 4 }, headers }));
    expectEmpty(await send("PUT", "/v1/agent/service/register", { body: { Name, Port: 5 }, chunked: true }));
    expect(await serviceText(Name)).toContain('"Port":5');
  });

  test("again replaces the definition, and a new name replaces the old one in the catalog", async () => {
    const [ID, Name] = [unique("id"), unique("web")];
    await registerService({ ID, Name, Port: 1, Tags: ["a"] });
    await registerService({ ID, Name: `${Name}-renamed`, Port: 2 });
    expect(await serviceText(ID)).toContain(`"Service":"${Name}-renamed","Tags":[],"Meta":{},"Port":2`);
    expect((await get(`/v1/catalog/service/${Name}`)).text).toBe("[]");
    expect((await get(`/v1/catalog/service/${Name}-renamed`)).text).toContain(`"ServiceID":"${ID}"`);
  });

  test("adds the service to the catalog before the agent responds", async () => {
    const Name = unique("web");
    await registerService({ Name, Check: { TTL: "1h", Status: "passing" } });
    expect((await get(`/v1/health/service/${Name}?passing`)).text).toContain(`"Service":"${Name}"`);
  });
});

describe("registering a service with checks", () => {
  test("names a single check after the service", async () => {
    const Name = unique("web");
    await registerService({ Name, Tags: ["t"], Check: { TTL: "1h" } });
    expect((await get(`/v1/health/checks/${Name}`)).json).toMatchObject([
      {
        CheckID: `service:${Name}`,
        Name: `Service '${Name}' check`,
        Status: "critical",
        ServiceTags: ["t"],
        Type: "ttl",
      },
    ]);
  });

  test("numbers several checks by their position, except those with an ID", async () => {
    const Name = unique("web");
    const Checks = [
      { Name: "first", HTTP: "http://127.0.0.1:1/", Interval: "1h" },
      { CheckID: `${Name}-own`, TTL: "1h", Status: "warning", Notes: "why" },
      { TCP: "127.0.0.1:1", Interval: "1h" },
      { Args: ["true"], Interval: "1h" },
      { GRPC: "127.0.0.1:1", Interval: "1h" },
    ];
    await registerService({ Name, Checks });
    const service = { service: Name, name: `Service '${Name}' check`, status: "critical" };
    expect(masked((await get(`/v1/health/checks/${Name}`)).text)).toBe(
      `[${[
        checkText({ ...service, id: `service:${Name}:1`, name: "first", type: "http" }),
        checkText({ ...service, id: `service:${Name}:3`, type: "tcp" }),
        checkText({ ...service, id: `service:${Name}:4`, type: "script" }),
        checkText({ ...service, id: `service:${Name}:5`, type: "grpc" }),
        checkText({ ...service, id: `${Name}-own`, status: "warning", notes: "why", type: "ttl" }),
      ].join(",")}]`,
    );
  });

  test("numbers the check in Check before those in Checks if the body has both", async () => {
    const Name = unique("web");
    await registerService({ Name, Check: { TTL: "1h", Name: "single" }, Checks: [{ TTL: "2h", Name: "listed" }] });
    const checks = (await get(`/v1/health/checks/${Name}`)).json as { CheckID: string; Name: string }[];
    expect(checks.map(({ CheckID, Name: name }) => `${CheckID} ${name}`)).toEqual([
      `service:${Name}:1 single`,
      `service:${Name}:2 listed`,
    ]);
  });

  test.each([{}, { TTL: "0s" }, null])("ignores an empty Check: %j", async (Check) => {
    const Name = unique("web");
    await registerService({ Name, Check });
    expect((await get(`/v1/health/checks/${Name}`)).text).toBe("[]");
  });

  test("again keeps the checks' status and output, and keeps checks that the new registration does not name", async () => {
    const Name = unique("web");
    await registerService({
      Name,
      Checks: [
        { TTL: "1h", CheckID: `${Name}-a` },
        { TTL: "1h", CheckID: `${Name}-b` },
      ],
    });
    await put(`/v1/agent/check/pass/${Name}-a?note=fine`);
    await registerService({ Name, Port: 9, Checks: [{ TTL: "1h", CheckID: `${Name}-a` }] });
    expect((await get(`/v1/health/checks/${Name}`)).json).toMatchObject([
      { CheckID: `${Name}-a`, Status: "passing", Output: "fine" },
      { CheckID: `${Name}-b`, Status: "critical" },
    ]);
  });

  test.each(["?replace-existing-checks", "?replace-existing-checks=true"])(
    "with %s removes the checks that the new registration does not name",
    async (query) => {
      const Name = unique("web");
      await registerService({
        Name,
        Checks: [
          { TTL: "1h", CheckID: `${Name}-a` },
          { TTL: "1h", CheckID: `${Name}-b` },
        ],
      });
      expectEmpty(
        await put(`/v1/agent/service/register${query}`, { Name, Check: { TTL: "1h", CheckID: `${Name}-b` } }),
      );
      expect((await get(`/v1/health/checks/${Name}`)).json).toMatchObject([{ CheckID: `${Name}-b` }]);
    },
  );
});

describe("reading the agent's services", () => {
  test("returns an object with the services by ID, each as in the answer for a single service but without ContentHash", async () => {
    const Name = unique("web");
    await registerService({ Name });
    const answer = await get(`/v1/agent/services?filter=${encodeURIComponent(`ID == "${Name}"`)}`);
    expect(masked(answer.text)).toBe(`{"${Name}":${bareText(Name).replace(',"ContentHash":"<hash>"', "")}}`);
    expect(answer.header("Content-Type")).toBe("application/json");
    expect(answer.header("X-Consul-Index")).toBeUndefined();
  });

  test("with a filter that matches no service returns an empty object", async () => {
    expect((await get("/v1/agent/services?filter=Service==nobody")).text).toBe("{}");
  });

  test("returns a single service with a hash that changes only with its definition", async () => {
    const Name = unique("web");
    await registerService({ Name });
    const first = await get(`/v1/agent/service/${Name}`);
    const hash = first.header("X-Consul-Contenthash");
    expect(hash).toMatch(/^[0-9a-f]+$/);
    expect(first.json).toMatchObject({ ContentHash: hash });
    await registerService({ Name });
    expect((await get(`/v1/agent/service/${Name}`)).header("X-Consul-Contenthash")).toBe(hash);
    await registerService({ Name, Port: 1 });
    expect((await get(`/v1/agent/service/${Name}`)).header("X-Consul-Contenthash")).not.toBe(hash);
  });

  test("returns 404 for an unknown service", async () => {
    expectError(await get("/v1/agent/service/nobody"), { status: 404, text: "unknown service ID: nobody" });
    expectError(await get("/v1/agent/service/"), { status: 404, text: "unknown service ID: " });
  });
});

describe("deregistering a service", () => {
  test("removes it and its checks from the agent and the catalog", async () => {
    const Name = unique("web");
    await registerService({ Name, Check: { TTL: "1h" } });
    expectEmpty(await put(`/v1/agent/service/deregister/${Name}`));
    expect((await get(`/v1/agent/service/${Name}`)).status).toBe(404);
    expect((await get("/v1/agent/checks")).text).not.toContain(Name);
    expect((await get(`/v1/catalog/service/${Name}`)).text).toBe("[]");
    expect((await get(`/v1/health/checks/${Name}`)).text).toBe("[]");
  });

  test("succeeds for an unknown service", async () => {
    expectEmpty(await put("/v1/agent/service/deregister/nobody"));
  });

  test("succeeds for the service consul of the server's node, which stays in the catalog", async () => {
    expectEmpty(await put("/v1/agent/service/deregister/consul"));
    expectEmpty(await put("/v1/agent/check/deregister/serfHealth"));
    const [entry] = (await get("/v1/health/service/consul")).json as { Checks: { CheckID: string }[] }[];
    expect(entry?.Checks.map(({ CheckID }) => CheckID)).toContain("serfHealth");
  });

  test("discards the output of the service's checks", async () => {
    const Name = unique("web");
    await registerService({ Name, Check: { TTL: "1h" } });
    await put(`/v1/agent/check/fail/service:${Name}?note=broken`);
    await put(`/v1/agent/service/deregister/${Name}`);
    await registerService({ Name, Check: { TTL: "1h" } });
    expect((await get(`/v1/health/checks/${Name}`)).text).toContain('"Output":""');
  });

  test("is refused without an ID", async () => {
    expectError(await put("/v1/agent/service/deregister/"), { status: 500, text: "ServiceID missing" });
  });
});
