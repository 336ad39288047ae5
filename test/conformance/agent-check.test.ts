import { describe, expect, test } from "bun:test";
import {
  differs,
  expectEmpty,
  expectError,
  get,
  masked,
  put,
  registerCheck,
  registerService,
  sharedTarget,
  unique,
} from "../support/conformance.ts";
import { checkText } from "../support/expected.ts";
import { within } from "../support/within.ts";

await sharedTarget();

async function agentCheck(id: string): Promise<string> {
  const answer = await get(`/v1/agent/checks?filter=${encodeURIComponent(`CheckID == ${JSON.stringify(id)}`)}`);
  return answer.text;
}

describe("registering a check", () => {
  test("of the node, without an ID, uses the check's name as its ID and sets its status to critical", async () => {
    const Name = unique("node check");
    await registerCheck({ Name, TTL: "1h" });
    expect(await agentCheck(Name)).toBe(`{"${Name}":${checkText({ id: Name, status: "critical", type: "ttl" })}}`);
  });

  test("as EdgeX's Go services do, without an ID, uses the check's name as its ID, blanks and colon included", async () => {
    const service = unique("edgex-core-data");
    await registerService({ Name: service, Port: 48080, Address: "127.0.0.1" });
    const Name = `Health Check: ${service}`;
    const HTTP = "http://127.0.0.1:1/api/v1/ping";
    await registerCheck({ Name, Notes: "Check the health of the API", ServiceID: service, Interval: "1h", HTTP });
    const expected = { id: Name, status: "critical", notes: "Check the health of the API", service, type: "http" };
    expect(masked((await get(`/v1/health/checks/${service}`)).text)).toBe(`[${checkText(expected)}]`);
  });

  test("with a URL makes agent/checks?definitions return the check's whole definition", async () => {
    const Name = unique("told");
    await registerCheck({ Name, HTTP: "http://127.0.0.1:1/a", Header: { A: ["b"] }, Interval: "1h", OutputMaxSize: 9 });
    const answer = await get(`/v1/agent/checks?definitions&filter=${encodeURIComponent(`Name == "${Name}"`)}`);
    const told = answer.json as Record<string, { Definition: object }>;
    const ours = {
      ID: Name,
      Name,
      HTTP: "http://127.0.0.1:1/a",
      Header: { A: ["b"] },
      Interval: "1h0m0s",
      OutputMaxSize: 9,
    };
    expect(told[Name]?.Definition).toEqual(differs("consul", "it tells nobody how its checks are run") ? {} : ours);
  });

  test("keeps the ID, the notes and the initial status of the definition", async () => {
    const ID = unique("id");
    await registerCheck({ ID, Name: "named", TTL: "1h", Notes: "n", Status: "passing" });
    const expected = checkText({ id: ID, name: "named", status: "passing", notes: "n", type: "ttl" });
    expect(await agentCheck(ID)).toBe(`{"${ID}":${expected}}`);
  });

  test("of a service adds the service's ID, name and tags to the check", async () => {
    const [ID, service] = [unique("id"), unique("web")];
    await registerService({ ID, Name: service, Tags: ["a", "b"] });
    const Name = unique("check");
    await registerCheck({ Name, ServiceID: ID, TTL: "1h" });
    const expected = { id: Name, status: "critical", serviceId: ID, service, tags: ["a", "b"], type: "ttl" };
    expect(await agentCheck(Name)).toBe(`{"${Name}":${checkText(expected)}}`);
  });

  test.each([
    ["http", { HTTP: "http://127.0.0.1:1/", Interval: "1h" }],
    ["http", { http: "http://127.0.0.1:1/", interval: "1h", tls_skip_verify: true }],
    ["tcp", { TCP: "127.0.0.1:1", Interval: "1h", Timeout: "1s" }],
    ["script", { Args: ["true"], Interval: "1h" }],
    ["script", { ScriptArgs: ["true"], Interval: "1h" }],
    ["grpc", { GRPC: "127.0.0.1:1/service", GRPCUseTLS: true, Interval: "1h" }],
    ["docker", { DockerContainerID: "c", Shell: "/bin/bash", Args: ["true"], Interval: "1h" }],
    ["http", { DockerContainerID: "c", Args: ["true"], HTTP: "http://127.0.0.1:1/", Interval: "1h" }],
    ["ttl", { TTL: "1h" }],
    ["alias", { AliasService: "nobody" }],
    ["http", { HTTP: "http://127.0.0.1:1/", TCP: "127.0.0.1:1", Interval: "1h" }],
  ])("sets the check's Type to %s for the definition %j", async (type, definition) => {
    const Name = unique("check");
    await registerCheck({ Name, ...definition });
    expect(await agentCheck(Name)).toContain(`"Type":"${type}","Definition":{}`);
  });
});

describe("a TTL check", () => {
  test.each([
    ["pass", "passing"],
    ["warn", "warning"],
    ["fail", "critical"],
  ])(
    "takes its status from a request to agent/check/%s and its output from the request's note, in the catalog too",
    async (verb, status) => {
      const Name = unique("web");
      await registerService({ Name, Check: { TTL: "1h", Status: status === "critical" ? "passing" : "critical" } });
      expectEmpty(await put(`/v1/agent/check/${verb}/service:${Name}?note=a%20b+c%2B`));
      const check = { id: `service:${Name}`, name: `Service '${Name}' check`, status, output: "a b c+", service: Name };
      const expected = checkText({ ...check, type: "ttl" });
      expect(await agentCheck(`service:${Name}`)).toBe(`{"service:${Name}":${expected}}`);
      expect(masked((await get(`/v1/health/checks/${Name}`)).text)).toBe(`[${expected}]`);
    },
  );

  test("takes its status and output from a request to agent/check/update, whose path may contain the check ID escaped", async () => {
    const Name = unique("web");
    await registerService({ Name, Check: { TTL: "1h" } });
    expectEmpty(await put(`/v1/agent/check/update/service%3A${Name}`, { Status: "warning", Output: "hm" }));
    expect(await agentCheck(`service:${Name}`)).toContain('"Status":"warning","Notes":"","Output":"hm"');
    expectEmpty(await put(`/v1/agent/check/update/service:${Name}`, { status: "passing" }));
    expect(await agentCheck(`service:${Name}`)).toContain('"Status":"passing","Notes":"","Output":""');
  });

  test("keeps the first 4096 bytes of a longer output and adds the original length", async () => {
    const Name = unique("check");
    await registerCheck({ Name, TTL: "1h" });
    expectEmpty(await put(`/v1/agent/check/update/${Name}`, { Status: "passing", Output: "x".repeat(5000) }));
    expect(await agentCheck(Name)).toContain(`"Output":"${"x".repeat(4096)} ... (captured 4096 of 5000 bytes)"`);
  });

  test("turns critical when its TTL ends, and its new output includes its last output", async () => {
    const Name = unique("check");
    await registerCheck({ Name, TTL: "300ms" });
    expectEmpty(await put(`/v1/agent/check/pass/${Name}?note=still+here`));
    await within(4_000, async () => {
      expect(await agentCheck(Name)).toContain(
        '"Status":"critical","Notes":"","Output":"TTL expired (last output before timeout follows): still here"',
      );
    });
  });

  test.each(["", "weird"])("refuses the status %j", async (Status) => {
    const text = `Invalid check status: '${Status}'`;
    expectError(await put("/v1/agent/check/update/nobody", { Status }), { status: 400, text });
  });

  test.each(["pass", "warn", "fail"])(
    "with an unknown or empty ID cannot be updated by agent/check/%s",
    async (verb) => {
      const text = 'CheckID "nobody" does not have associated TTL';
      expectError(await put(`/v1/agent/check/${verb}/nobody`), { status: 500, text });
      const missing = 'CheckID "" does not have associated TTL';
      expectError(await put(`/v1/agent/check/${verb}/`), { status: 500, text: missing });
    },
  );

  test("is the only kind of check that accepts TTL updates: an interval check refuses them", async () => {
    const Name = unique("check");
    await registerCheck({ Name, TCP: "127.0.0.1:1", Interval: "1h" });
    const text = `CheckID "${Name}" does not have associated TTL`;
    expectError(await put(`/v1/agent/check/pass/${Name}`), { status: 500, text });
    expectError(await put(`/v1/agent/check/update/${Name}`, { Status: "passing" }), { status: 500, text });
  });
});

describe("an alias check", () => {
  test("takes the status of the service that its AliasService names", async () => {
    const [target, Name] = [unique("web"), unique("alias")];
    await registerService({ Name: target, Check: { Name: "up", TTL: "1h", Status: "passing" } });
    await registerService({ Name, Check: { AliasService: target } });
    const passing = '"Status":"passing","Notes":"","Output":"All checks passing."';
    await within(2_000, async () => expect(await agentCheck(`service:${Name}`)).toContain(passing));
    await put(`/v1/agent/check/fail/service:${target}?note=broken`);
    const critical = '"Status":"critical","Notes":"","Output":"Aliased check \\"up\\" failing: broken"';
    await within(2_000, async () => expect(await agentCheck(`service:${Name}`)).toContain(critical));
  });

  test("of an unknown service is critical", async () => {
    const Name = unique("alias");
    await registerService({ Name, Check: { AliasService: "nobody", Status: "passing" } });
    const critical = '"Status":"critical","Notes":"","Output":"Service nobody could not be found on node ';
    await within(2_000, async () => expect(await agentCheck(`service:${Name}`)).toContain(critical));
  });
});

describe("a running check", () => {
  test("requests its URL and has the response in its output", async () => {
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("pong") });
    const [Name, HTTP] = [unique("check"), `http://127.0.0.1:${server.port}/ping`];
    await registerCheck({ Name, HTTP, Interval: "100ms" });
    await within(4_000, async () => {
      expect(await agentCheck(Name)).toContain(
        `"Status":"passing","Notes":"","Output":"HTTP GET ${HTTP}: 200 OK Output: pong"`,
      );
    });
    await server.stop(true);
    await within(4_000, async () => expect(await agentCheck(Name)).toContain('"Status":"critical"'));
    expect(await agentCheck(Name)).toContain("connection refused");
  });

  test.each([
    [429, "warning"],
    [503, "critical"],
    [404, "critical"],
    [204, "passing"],
  ])("whose URL answers with status code %d becomes %s", async (status, expected) => {
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response(null, { status }) });
    const Name = unique("check");
    const first = expected === "critical" ? "passing" : "critical";
    const HTTP = `http://127.0.0.1:${server.port}/`;
    await registerCheck({ Name, HTTP, Interval: "100ms", Status: first });
    await within(4_000, async () => expect(await agentCheck(Name)).toContain(`"Status":"${expected}"`));
    await server.stop(true);
  });

  test("is passing while it can connect to its TCP port", async () => {
    const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
    const Name = unique("check");
    await registerCheck({ Name, TCP: `127.0.0.1:${server.port}`, Interval: "100ms" });
    await within(4_000, async () => {
      expect(await agentCheck(Name)).toContain(
        `"Status":"passing","Notes":"","Output":"TCP connect 127.0.0.1:${server.port}: Success"`,
      );
    });
    server.stop(true);
  });

  test.each([
    ["echo fine; exit 0", "passing", "fine\\n"],
    ["echo hm >&2; exit 1", "warning", "hm\\n"],
    ["echo bad; exit 2", "critical", "bad\\n"],
  ])(
    "takes its status from its script's exit code and its output from the script's output: %s",
    async (script, status, output) => {
      const Name = unique("check");
      await registerCheck({ Name, Args: ["sh", "-c", script], Interval: "100ms" });
      await within(4_000, async () => {
        expect(await agentCheck(Name)).toContain(`"Status":"${status}","Notes":"","Output":"${output}"`);
      });
    },
  );
});

describe("deregistering a check", () => {
  test("removes it from the agent and the catalog, but not its service", async () => {
    const Name = unique("web");
    await registerService({ Name, Check: { TTL: "1h" } });
    expectEmpty(await put(`/v1/agent/check/deregister/service:${Name}`));
    expect(await agentCheck(`service:${Name}`)).toBe("{}");
    expect((await get(`/v1/health/checks/${Name}`)).text).toBe("[]");
    expect((await get(`/v1/agent/service/${Name}`)).status).toBe(200);
  });

  test("succeeds with an unknown ID", async () => {
    expectEmpty(await put("/v1/agent/check/deregister/nobody"));
  });

  test("is refused without an ID", async () => {
    expectError(await put("/v1/agent/check/deregister/"), { status: 500, text: "CheckID missing" });
  });
});
