import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { agentFlags } from "../config/flag-table.ts";
import { loadConfig } from "../config/load.ts";
import { thisMachine } from "../config/this-machine.ts";
import { type EdgexPlan, type FolderState, planEdgex, type Surroundings } from "./plan.ts";

const inContainer: Readonly<Record<string, FolderState>> = {
  "/consul/data": "writable",
  "/consul/config": "writable",
  "/consul/scripts": "writable",
};

function planOf(
  args: readonly string[],
  env: Surroundings["env"] = {},
  folders: Readonly<Record<string, FolderState>> = inContainer,
): EdgexPlan {
  const folderState = (path: string): FolderState => folders[path] ?? "absent";
  return planEdgex(args, { env, folderState, executable: ["/usr/local/bin/praetor"] });
}

function fileNames(plan: EdgexPlan): (string | undefined)[] {
  return plan.folders.flatMap(({ path, files }) => files.map(({ name }) => `${path}/${name}`));
}

function definitionNames(plan: EdgexPlan): (string | undefined)[] {
  return fileNames(plan).filter((name) => name?.startsWith("/consul/config/"));
}

function contentOf(plan: EdgexPlan, name: string): unknown {
  const file = plan.folders[0]?.files.find((each) => each.name === name);
  return file !== undefined && "content" in file ? JSON.parse(file.content) : undefined;
}

const always = ["/consul/config/00-consul.json", "/consul/config/00-praetor.json"];

describe("the definitions of praetor edgex", () => {
  test("without environment variables are those of redis and the security services, and the shared scripts", () => {
    const plan = planOf([]);
    expect(fileNames(plan)).toEqual([
      "/consul/config/00-consul.json",
      "/consul/config/00-praetor.json",
      "/consul/config/01-redis.json",
      "/consul/config/02-kong-db.json",
      "/consul/config/02-kong-migrations.json",
      "/consul/config/02-kong.json",
      "/consul/config/02-security-secrets-setup.json",
      "/consul/config/02-security-secretstore-setup.json",
      "/consul/config/02-security-proxy-setup.json",
      "/consul/scripts/consul-svc-healthy.sh",
      "/consul/scripts/health",
      "/consul/scripts/kong-db-checker.sh",
      "/consul/scripts/kong-migrations-checker.sh",
      "/consul/scripts/security-secrets-setup-checker.sh",
      "/consul/scripts/security-secretstore-setup-checker.sh",
      "/consul/scripts/security-proxy-setup-checker.sh",
    ]);
    expect(plan.notices).toEqual(["Installing redis health checks", "Installing security health checks"]);
    expect(plan.warnings).toEqual([]);
  });

  test("with EDGEX_DB=mongo and EDGEX_SECURE=false are those of mongo and Praetor's own", () => {
    const plan = planOf([], { EDGEX_DB: "mongo", EDGEX_SECURE: "false" });
    expect(definitionNames(plan)).toEqual([...always, "/consul/config/01-mongo.json"]);
  });

  test("are the same with an empty environment variable as without the variable", () => {
    expect(planOf([], { EDGEX_DB: "", EDGEX_SECURE: "" })).toEqual(planOf([]));
  });

  test("come with the check scripts even if the security services are disabled, as in Geneva's image", () => {
    const names = fileNames(planOf([], { EDGEX_SECURE: "false" }));
    expect(names).toContain("/consul/scripts/consul-svc-healthy.sh");
    expect(names).toContain("/consul/scripts/kong-db-checker.sh");
  });

  test("with EDGEX_DB=none include no database", () => {
    const plan = planOf([], { EDGEX_DB: "none", EDGEX_SECURE: "false" });
    expect(definitionNames(plan)).toEqual(always);
    expect(plan.warnings).toEqual([]);
  });

  test("do not include the services of an invalid environment variable, which gives a warning", () => {
    const plan = planOf([], { EDGEX_DB: "postgres", EDGEX_SECURE: "TRUE" });
    expect(definitionNames(plan)).toEqual(always);
    expect(plan.warnings).toEqual([
      'EDGEX_DB is "postgres": only redis and mongo have health checks; going on without',
      'EDGEX_SECURE is "TRUE": taken as false; only "true" adds the security checks',
    ]);
  });

  test("of script checks contain the path of this executable and the agent's port", () => {
    const plan = planOf(["-http-port=18500"]);
    expect(contentOf(plan, "02-kong-db.json")).toEqual({
      service: {
        name: "kong-db",
        tags: ["database"],
        checks: [
          {
            name: "Health Check: kong-db (postgres)",
            args: ["/usr/local/bin/praetor", "checker", "kong-db", "--agent", "http://127.0.0.1:18500"],
            interval: "1s",
            timeout: "1s",
          },
        ],
      },
    });
  });
});

describe("the agent's arguments", () => {
  const folders = ["-data-dir=/consul/data", "-config-dir=/consul/config"];
  const defaults = ["-ui", "-bootstrap", "-server", "-client", "0.0.0.0"];

  test("are those of Geneva's image, followed by the flags that the user gives without the word agent", () => {
    expect(planOf([]).agentArgs).toEqual([...folders, ...defaults]);
    expect(planOf(["-http-port", "80"]).agentArgs).toEqual([...folders, ...defaults, "-http-port", "80"]);
  });

  test("are the folders and the user's flags alone, if the user gives the word agent before the flags", () => {
    expect(planOf(["agent", "-dev"]).agentArgs).toEqual([...folders, "-dev"]);
  });

  test("contain -data-dir once, even if the user gives it", () => {
    const plan = planOf(["-data-dir", "/d"], {}, {});
    expect(plan.agentArgs).toEqual(["-config-dir=/d/config", ...defaults, "-data-dir", "/d"]);
    expect(plan.dataDir).toBe("/d");
  });

  test("take the interface to bind to from CONSUL_BIND_INTERFACE", () => {
    expect(planOf([], { CONSUL_BIND_INTERFACE: "eth0" }).agentArgs).toContain('-bind={{ GetInterfaceIP "eth0" }}');
  });
});

describe("the folders of praetor edgex", () => {
  test("are below ./data outside a container, or where environment variables place them", () => {
    expect(planOf([], {}, {}).agentArgs.slice(0, 2)).toEqual(["-data-dir=./data", "-config-dir=./data/config"]);
    const env = { PRAETOR_DATA_DIR: "/var/lib/praetor", PRAETOR_CONFIG_DIR: "/etc/praetor" };
    const plan = planOf([], env);
    expect(plan.agentArgs.slice(0, 2)).toEqual(["-data-dir=/var/lib/praetor", "-config-dir=/etc/praetor"]);
  });

  test("are never in the container's layer, even if /consul/data belongs to another user", () => {
    const plan = planOf([], {}, { ...inContainer, "/consul/data": "read-only" });
    expect(plan.agentArgs[0]).toBe("-data-dir=/consul/data");
  });

  test("include an operator's read-only /consul/config besides the folder that Praetor writes", () => {
    const plan = planOf([], {}, { ...inContainer, "/consul/config": "read-only" });
    expect(plan.agentArgs.slice(1, 3)).toEqual(["-config-dir=/consul/data/config", "-config-dir=/consul/config"]);
    expect(plan.folders[0]?.path).toBe("/consul/data/config");
  });

  test("include a configuration folder with a file local.json that has the text of CONSUL_LOCAL_CONFIG", () => {
    const plan = planOf([], { CONSUL_LOCAL_CONFIG: '{"log_level":"DEBUG"}' });
    expect(plan.folders[0]?.files.at(-1)).toEqual({ name: "local.json", content: '{"log_level":"DEBUG"}' });
  });
});

test.each([
  [[], "http://127.0.0.1:8500"],
  [["agent"], "http://127.0.0.1:8500"],
  [["agent", "-client=10.0.0.7"], "http://10.0.0.7:8500"],
  [["agent", "-client", "10.0.0.7 127.0.0.1", "--http-port", "1"], "http://127.0.0.1:1"],
  [["agent", "-client=::1"], "http://[::1]:8500"],
  [["agent", '-client={{ GetInterfaceIP "eth0" }}'], "http://127.0.0.1:8500"],
  [["-http-port=1", "-http-port=2"], "http://127.0.0.1:2"],
])("with the arguments %j of praetor edgex the agent's URL is %s", (args, url) => {
  expect(planOf(args).agentUrl).toBe(url);
});

describe("`praetor edgex` accepts every flag of the agent", () => {
  const folder = mkdtempSync(join(tmpdir(), "edgex-flags-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const config = join(folder, "config");
  mkdirSync(config);
  const file = join(folder, "agent.hcl");
  writeFileSync(file, 'log_level = "WARN"');
  const values: Readonly<Record<string, string>> = {
    "config-dir": config,
    "config-file": file,
    "config-format": "hcl",
    hcl: 'log_level = "WARN"',
    "ui-dir": folder,
    "data-dir": folder,
    "allow-write-http-from": "10.0.0.0/8",
    "default-query-time": "1m",
    "max-query-time": "1m",
    "log-level": "WARN",
    "node-id": "3f1c5a52-6d2e-4a3f-9f0f-3a5d0c1b2e4f",
    "node-meta": "a:b",
    encrypt: Buffer.alloc(32).toString("base64"),
    "bootstrap-expect": "1",
    datacenter: "plant-1",
    "log-rotate-duration": "1h",
    "retry-interval": "1m",
    "retry-interval-wan": "1m",
    "ui-content-path": "/x/",
  };
  const load = (args: readonly string[]): string => {
    try {
      loadConfig({ args, env: {}, ...thisMachine() });
      return "loads";
    } catch (error) {
      return String(error);
    }
  };

  test.each(agentFlags.map(({ name, kind }) => [name, kind] as const))("the flag -%s", (name, kind) => {
    const value = values[name] ?? (kind === "int" ? "8123" : "127.0.0.1");
    const given = [kind === "bool" ? `-${name}` : `-${name}=${value}`];
    const alone = load([`-data-dir=${folder}`, "-server", "-client=0.0.0.0", ...given]);
    expect(alone).toBe("loads");
    expect(load(planOf(given, { PRAETOR_CONFIG_DIR: config, PRAETOR_DATA_DIR: folder }).agentArgs)).toBe("loads");
  });
});
