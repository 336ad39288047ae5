import { describe, expect, test } from "bun:test";
import { expectUndisturbed, expectWoken, whileBlocked } from "../support/blocked.ts";
import {
  differs,
  get,
  keyFolder,
  put,
  registerNode,
  registerService,
  sharedTarget,
  unique,
} from "../support/conformance.ts";

await sharedTarget();

describe("a blocking query for a service", () => {
  const paths = ["/v1/health/service", "/v1/health/checks", "/v1/catalog/service"];

  test.each(paths)("at %s returns when the service is registered and deregistered", async (path) => {
    const Name = unique("web");
    const register = (): Promise<void> => registerService({ Name, Check: { TTL: "1h" } });
    const registered = await whileBlocked(`${path}/${Name}`, register);
    expectWoken(registered);
    expect(registered.before.text).toBe("[]");
    expect(registered.after.text).toContain(`"ServiceName":"${Name}"`);
    const gone = await whileBlocked(`${path}/${Name}`, () => put(`/v1/agent/service/deregister/${Name}`));
    expectWoken(gone);
    expect(gone.after.text).toBe("[]");
  });

  test.each(["/v1/health/service", "/v1/health/checks"])(
    "at %s returns when the service's check changes",
    async (path) => {
      const Name = unique("web");
      await registerService({ Name, Check: { TTL: "1h" } });
      const woken = await whileBlocked(`${path}/${Name}`, () => put(`/v1/agent/check/pass/service:${Name}`));
      expectWoken(woken);
      expect(woken.after.text).toContain(
        `"CheckID":"service:${Name}","Name":"Service '${Name}' check","Status":"passing"`,
      );
    },
  );

  test.each(["/v1/health/service", "/v1/catalog/service"])(
    "at %s returns when the service's port changes",
    async (path) => {
      const Name = unique("web");
      await registerService({ Name });
      const woken = await whileBlocked(`${path}/${Name}`, () => registerService({ Name, Port: 9 }));
      expectWoken(woken);
      expect(woken.after.text).toMatch(/Port":9\b/);
    },
  );

  test("with ?passing returns when the service becomes passing", async () => {
    const Name = unique("web");
    await registerService({ Name, Check: { TTL: "1h" } });
    const path = `/v1/health/service/${Name}?passing`;
    const woken = await whileBlocked(path, () => put(`/v1/agent/check/pass/service:${Name}`));
    expectWoken(woken);
    expect(woken.before.text).toBe("[]");
    expect(woken.after.text).toContain(`"ID":"${Name}"`);
  });

  test("returns when a check of the service's node changes", async () => {
    const [Node, service] = [unique("node"), unique("web")];
    await registerNode({ Node, Service: { Service: service } });
    const register = (): Promise<void> => registerNode({ Node, Check: { Name: "disk", Status: "warning" } });
    expectWoken(await whileBlocked(`/v1/health/service/${service}`, register));
  });

  test.each(["/v1/health/service", "/v1/catalog/service"])(
    "at %s is held through changes of other services",
    async (path) => {
      const [Name, other] = [unique("web"), unique("web")];
      await registerService({ Name, Check: { TTL: "1h" } });
      await expectUndisturbed(`${path}/${Name}`, () => registerService({ Name: other, Check: { TTL: "1h" } }));
      await expectUndisturbed(`${path}/${Name}`, () => put(`/v1/agent/check/pass/service:${other}`));
      await expectUndisturbed(`${path}/${Name}`, () => put(`/v1/agent/service/deregister/${other}`));
      await expectUndisturbed(`${path}/${Name}`, () => put(`/v1/kv/${keyFolder()}a`, "x"));
    },
  );

  test("is held through TTL updates that keep the status, whether their note differs or not", async () => {
    const Name = unique("web");
    await registerService({ Name, Check: { TTL: "1h", Status: "passing" } });
    const path = `/v1/health/service/${Name}`;
    const pass = `/v1/agent/check/pass/service:${Name}`;
    await expectUndisturbed(path, () => put(pass));
    const { before, after } = await whileBlocked(path, () => put(`${pass}?note=new`), { wait: "300ms" });
    expect(after.index).toBe(before.index);
  });
});

describe("a blocking query for a list", () => {
  test("of services returns when a service is registered and deregistered", async () => {
    const Name = unique("web");
    expectWoken(await whileBlocked("/v1/catalog/services", () => registerService({ Name })));
    const gone = await whileBlocked("/v1/catalog/services", () => put(`/v1/agent/service/deregister/${Name}`));
    expectWoken(gone);
    expect(gone.after.text).not.toContain(`"${Name}"`);
  });

  test("of services is held through changes of checks and keys", async () => {
    const Name = unique("web");
    await registerService({ Name, Check: { TTL: "1h" } });
    await expectUndisturbed("/v1/catalog/services", () => put(`/v1/agent/check/pass/service:${Name}`));
    await expectUndisturbed("/v1/catalog/services", () => put(`/v1/kv/${keyFolder()}a`, "x"));
  });

  test("of nodes returns when a node is registered and deregistered", async () => {
    const Node = unique("node");
    expectWoken(await whileBlocked("/v1/catalog/nodes", () => registerNode({ Node })));
    expectWoken(await whileBlocked("/v1/catalog/nodes", () => put("/v1/catalog/deregister", { Node })));
  });

  test("of nodes is held through changes of services and keys", async () => {
    await expectUndisturbed("/v1/catalog/nodes", () => registerService({ Name: unique("web") }));
    await expectUndisturbed("/v1/catalog/nodes", () => put(`/v1/kv/${keyFolder()}a`, "x"));
  });

  test.each(["any", "critical", "passing"])(
    "of checks with the state %s returns when a check enters or leaves that state",
    async (state) => {
      const Name = unique("web");
      await registerService({ Name, Check: { TTL: "1h" } });
      expectWoken(await whileBlocked(`/v1/health/state/${state}`, () => put(`/v1/agent/check/pass/service:${Name}`)));
    },
  );

  test("of checks with the state any is held through writes of keys", async () => {
    await expectUndisturbed("/v1/health/state/any", () => put(`/v1/kv/${keyFolder()}a`, "x"));
  });
});

describe("a blocking query for a node", () => {
  test.each(["/v1/catalog/node", "/v1/catalog/node-services"])(
    "at %s returns when one of the node's services changes",
    async (path) => {
      const Node = unique("node");
      await registerNode({ Node });
      const register = (): Promise<void> => registerNode({ Node, Service: { Service: "web" } });
      const woken = await whileBlocked(`${path}/${Node}`, register);
      expectWoken(woken);
      expect(woken.after.text).toContain('"Service":"web"');
      expectWoken(
        await whileBlocked(`${path}/${Node}`, () => put("/v1/catalog/deregister", { Node, ServiceID: "web" })),
      );
    },
  );

  test("at /v1/health/node returns when one of the node's checks changes", async () => {
    const Node = unique("node");
    await registerNode({ Node });
    const register = (): Promise<void> => registerNode({ Node, Check: { Name: "disk" } });
    expectWoken(await whileBlocked(`/v1/health/node/${Node}`, register));
  });

  test("returns when the node is created", async () => {
    const Node = unique("node");
    const woken = await whileBlocked(`/v1/catalog/node/${Node}`, () => registerNode({ Node }));
    expectWoken(woken);
    expect(woken.before.text).toBe("null");
  });

  test("returns when the node is deregistered", async () => {
    const Node = unique("node");
    await registerNode({ Node });
    const deregister = () => put("/v1/catalog/deregister", { Node });
    const woken = await whileBlocked(`/v1/catalog/node/${Node}`, deregister, { wait: "1s" });
    expect(woken.after.text).toBe("null");
    if (!differs("consul", "misses the end of a node and lets its index fall back to 1")) expectWoken(woken);
  });

  test("is held through changes of other nodes' services", async () => {
    const [Node, other] = [unique("node"), unique("node")];
    const register = (name: string, Port: number) => registerNode({ Node: name, Service: { Service: "web", Port } });
    await register(Node, 1);
    await register(other, 1);
    await expectUndisturbed(`/v1/catalog/node/${Node}`, () => register(other, 2));
  });
});

describe("the index of a missing row", () => {
  const changeOthers = async (): Promise<void> => {
    const [Node, Service] = [unique("node"), unique("web")];
    const Check = { Name: "up", Status: "critical" };
    await put("/v1/catalog/register", {
      Node,
      Address: "192.0.2.1",
      NodeMeta: { rack: "1" },
      Service: { Service },
      Check,
    });
    await put("/v1/catalog/register", { Node, Address: "192.0.2.2", NodeMeta: { rack: "2" } });
    await put("/v1/session/create", { Node: "node1", Checks: [] });
    await put(`/v1/kv/${keyFolder()}a`, "x");
    await put("/v1/catalog/deregister", { Node });
  };

  const expectStays = async (path: string): Promise<void> => {
    const before = (await get(path)).index;
    await changeOthers();
    expect((await get(path)).index).toBe(before);
  };

  test.each([
    ...["catalog/node/nosuch", "catalog/node-services/nosuch", "catalog/node/nosuch?filter=Service+is+empty"],
    ...["catalog/gateway-services/nosuch", "health/ingress/nosuch", "config/service-defaults/nosuch"],
  ])("at %s stays the same while other rows are created and deleted", (path) => expectStays(`/v1/${path}`));

  test.each([
    ...["health/node/nosuch", "health/service/nosuch", "health/service/nosuch?node-meta=rack:1&passing"],
    ...["health/checks/nosuch", "health/checks/nosuch?node-meta=rack:1", "health/state/nosuch"],
    ...["health/connect/nosuch", "kv/nosuch", "kv/nosuch/?recurse", "kv/nosuch?keys"],
    ...["catalog/service/nosuch", "catalog/service/nosuch?tag=x&node-meta=rack:1", "catalog/connect/nosuch"],
    ...["session/node/nosuch", "session/info/5a8b1a2e-7d3c-4f55-9a51-0123456789ab"],
  ])("at %s stays the same in Praetor while other rows are created and deleted", async (path) => {
    const reason = "answers with the index of the whole table";
    if (!differs("consul", reason)) await expectStays(`/v1/${path}`);
  });
});
