import { describe, expect, test } from "bun:test";
import { startCannedAgent } from "../../../test/support/canned-agent.ts";
import { runCommandWith } from "../../../test/support/command-io.ts";
import { catalogDatacentersCommand } from "./catalog-datacenters.ts";
import { catalogServicesCommand } from "./catalog-services.ts";

const instances = {
  Services: {
    "web-1": { Service: "web", Tags: ["b"] },
    "web-2": { Service: "web", Tags: ["a"] },
    db: { Service: "db", Tags: [] },
  },
};

describe("praetor catalog services", () => {
  test("with -node and -tags prints each service once, with the sorted tags of all its instances", async () => {
    using agent = startCannedAgent(() => Response.json(instances));
    const args = ["-http-addr", agent.url, "-node=a b", "-tags", "-node-meta=rack=7"];
    const { stdout } = await runCommandWith(catalogServicesCommand, args);
    expect(stdout).toBe("db\nweb      a,b\n");
    expect(agent.requests[0]?.target).toBe("/v1/catalog/node/a%20b?node-meta=rack%3A7");
  });

  test("with -format=json prints names and tags, or {} if there are no services", async () => {
    using agent = startCannedAgent(() => Response.json({ web: ["b", "a"] }));
    const { stdout } = await runCommandWith(catalogServicesCommand, ["-http-addr", agent.url, "-format=json"]);
    expect(JSON.parse(stdout)).toEqual({ web: ["b", "a"] });
    using empty = startCannedAgent(() => Response.json(null));
    expect(await runCommandWith(catalogServicesCommand, ["-http-addr", empty.url, "-node=x", "-format=json"])).toEqual({
      code: 0,
      stdout: "{}\n",
      stderr: "",
    });
  });

  test("sends -datacenter and -stale as the parameters dc and stale", async () => {
    using agent = startCannedAgent(() => Response.json({ web: [] }));
    await runCommandWith(catalogServicesCommand, ["-http-addr", agent.url, "-datacenter=dc2", "-stale"]);
    expect(agent.requests[0]?.target).toBe("/v1/catalog/services?dc=dc2&stale=");
  });
});

test("praetor catalog datacenters prints the datacenters in the order of the agent's answer", async () => {
  using agent = startCannedAgent(() => Response.json(["near", "far"]));
  const { stdout } = await runCommandWith(catalogDatacentersCommand, ["-http-addr", agent.url]);
  expect(stdout).toBe("near\nfar\n");
});
