import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OperatingError } from "../lib/errors.ts";
import { interfaceAddress } from "../../test/support/interface-address.ts";
import { loadConfig } from "./load.ts";
import type { RuntimeConfig } from "./runtime-config.ts";
import { interfaceFlags } from "./sockaddr/interfaces.ts";

const root = mkdtempSync(join(tmpdir(), "config-"));
afterAll(() => rmSync(root, { recursive: true }));

let folders = 0;

/** Creates a folder with these files, and returns its path. A file name that ends in a slash creates a subfolder. */
function folder(files: Readonly<Record<string, string>>): string {
  folders += 1;
  const path = join(root, String(folders));
  mkdirSync(path);
  for (const [name, text] of Object.entries(files))
    if (name.endsWith("/")) mkdirSync(join(path, name));
    else writeFileSync(join(path, name), text);
  return path;
}

function load(args: readonly string[], env: Readonly<Record<string, string>> = {}): RuntimeConfig {
  return loadConfig({ args, env, hostname: "gateway-7", interfaces: () => [interfaceAddress("eth0", "10.0.0.5/24")] });
}

function loadText(hcl: string): RuntimeConfig {
  return load(["-data-dir", root, "-hcl", hcl]);
}

describe("the default configuration", () => {
  test("a client agent listens on 127.0.0.1 and advertises its private address", () => {
    expect(load(["-data-dir", root])).toMatchObject({
      server: false,
      datacenter: "dc1",
      nodeName: "gateway-7",
      dnsDomain: "consul.",
      bindAddress: "0.0.0.0",
      advertiseAddress: "10.0.0.5",
      advertiseAddressWan: "10.0.0.5",
      taggedAddresses: { lan: "10.0.0.5", lan_ipv4: "10.0.0.5", wan: "10.0.0.5", wan_ipv4: "10.0.0.5" },
      httpAddresses: ["127.0.0.1"],
      dnsAddresses: ["127.0.0.1"],
      httpsAddresses: [],
      ports: { http: 8500, https: -1, dns: 8600, grpc: -1, server: 8300, serfLan: 8301, serfWan: 8302 },
      log: { level: "info", json: false, rotateAfterMs: 86_400_000 },
      leaveOnTerminate: true,
      skipLeaveOnInterrupt: false,
      kvValueBytesMax: 524_288,
      blockingQuery: { defaultMs: 300_000, maxMs: 600_000 },
      sessionTtlMsMin: 10_000,
      warnings: [],
    });
  });

  test("a server does not leave the cluster on SIGTERM or SIGINT", () => {
    expect(load(["-server", "-data-dir", root])).toMatchObject({ leaveOnTerminate: false, skipLeaveOnInterrupt: true });
  });

  test("-dev runs a server in memory that only this machine can reach", () => {
    expect(load(["-dev"])).toMatchObject({
      devMode: true,
      server: true,
      ui: true,
      dataDir: undefined,
      bindAddress: "127.0.0.1",
      advertiseAddress: "127.0.0.1",
      ports: { grpc: 8502 },
      log: { level: "debug" },
    });
  });
});

describe("sources of configuration", () => {
  test("later sources win: -dev, files in the order given, environment, flags, -hcl", () => {
    const path = folder({ "a.hcl": 'log_level = "TRACE"\nnode_name = "a"', "b.json": '{"node_name": "b"}' });
    expect(load(["-dev", "-config-dir", path])).toMatchObject({ nodeName: "b", log: { level: "trace" } });
    const reversed = ["-dev", "-config-file", join(path, "b.json"), "-config-file", join(path, "a.hcl")];
    expect(load(reversed).nodeName).toBe("a");
    const env = { CONSUL_LOCAL_CONFIG: '{"node_name": "e"}' };
    expect(load(reversed, env).nodeName).toBe("e");
    expect(load([...reversed, "-node", "f"], env).nodeName).toBe("f");
    expect(load([...reversed, "-hcl", 'node_name = "h"', "-node", "f"]).nodeName).toBe("h");
  });

  test("lists of all sources are joined, those of flags first, and maps are merged key by key", () => {
    const path = folder({
      "a.hcl": 'recursors = ["9.9.9.1"]\nnode_meta { a = "1", b = "1" }\nhttp_config { block_endpoints = ["/v1/a"] }',
      "b.hcl": 'recursors = ["9.9.9.2"]\nnode_meta { b = "2" }\nhttp_config { block_endpoints = ["/v1/b"] }',
    });
    const config = load(["-dev", "-recursor", "9.9.9.3", "-node-meta", "c:3", "-config-dir", path]);
    expect(config.dns.recursors).toEqual(["9.9.9.3", "9.9.9.1", "9.9.9.2"]);
    expect(config.nodeMeta).toEqual({ a: "1", b: "2", c: "3" });
    expect(config.httpBlockEndpoints).toEqual(["/v1/a", "/v1/b"]);
  });

  test("a folder's .json and .hcl files are read in order of name, and its other files are skipped with a warning", () => {
    const path = folder({
      "2.json": '{"node_name":"two"}',
      "10.hcl": 'node_name = "ten"',
      "README.md": "x",
      ".praetor-edgex": "{}",
      "sub/": "",
    });
    writeFileSync(join(path, "sub", "z.hcl"), "not read");
    const config = load(["-dev", "-config-dir", path]);
    expect(config.nodeName).toBe("two");
    expect(config.warnings).toEqual([
      `skipping file ${join(path, "README.md")}, extension must be .hcl or .json, or config format must be set`,
    ]);
  });

  test("-config-format applies to every file, whatever its extension", () => {
    const path = folder({ "agent.conf": 'domain = "x"' });
    expect(load(["-dev", "-config-format", "hcl", "-config-file", join(path, "agent.conf")]).dnsDomain).toBe("x.");
  });

  test("the environment variables of Consul's container image choose addresses by interface", () => {
    const env = { CONSUL_BIND_INTERFACE: "eth0", CONSUL_CLIENT_INTERFACE: "eth0" };
    expect(load(["-dev"], env)).toMatchObject({ bindAddress: "10.0.0.5", httpAddresses: ["10.0.0.5"] });
    expect(() => load(["-dev"], { CONSUL_BIND_INTERFACE: "eth9" })).toThrow(
      /^bind_addr cannot be empty: .* matches no address of this machine \(environment variable CONSUL_BIND_INTERFACE\)$/,
    );
  });

  test("the error for a missing file names the file", () => {
    expect(() => load(["-config-file", "/nowhere/a.json"])).toThrow(
      "config: Open failed on /nowhere/a.json. open /nowhere/a.json: no such file or directory",
    );
  });

  test("all faults in a file are reported together, each with its line", () => {
    const path = folder({ "a.hcl": 'foo = 1\nports { bar = 2 }\ndata_dir = 5\nserver = "yes"' });
    const file = join(path, "a.hcl");
    expect(() => load(["-config-file", file])).toThrow(
      new OperatingError(
        "invalid",
        "invalid-config-file",
        `failed to parse ${file}: 4 errors occurred:\n` +
          "\t* At 1:7: invalid config key foo\n" +
          "\t* At 2:15: invalid config key ports.bar\n" +
          "\t* At 3:12: 'data_dir' expected type 'string', got unconvertible type 'int'\n" +
          "\t* At 4:10: 'server' expected type 'bool', got unconvertible type 'string'",
      ),
    );
  });

  test("field names match in any letter case, but a file that has one name in two spellings is refused", () => {
    expect(loadText('Node_Name = "x"\nPORTS { HTTP = 1 }')).toMatchObject({ nodeName: "x", ports: { http: 1 } });
    expect(() => loadText('Node_Name = "x"\nnode_name = "y"')).toThrow("invalid config key Node_Name");
  });

  test("each of Consul's settings that has no effect gives one warning, even if several sources contain it", () => {
    const config = load([
      "-dev",
      "-serf-lan-bind",
      "127.0.0.1",
      "-hcl",
      'serf_lan = "127.0.0.1"',
      "-raft-protocol",
      "3",
    ]);
    expect(config.warnings).toEqual([
      expect.stringMatching(/^raft_protocol has no meaning here: .* \(flag -raft-protocol\)$/),
      expect.stringMatching(/^serf_lan has no meaning here: .* \(flags-0.hcl:1\)$/),
    ]);
  });
});

function faultsIn(hcl: string): readonly string[] {
  return loadText(hcl).definitionFaults.map(({ place, message }) => `${place.line}:${place.column} ${message}`);
}

describe("service and check definitions", () => {
  test("a list of blocks may be written as a single block", () => {
    const { services } = loadText(`service {
      name = "p" kind = "connect-proxy" port = 1
      proxy { destination_service_name = "web" upstreams { destination_name = "db" local_bind_port = 2 } }
    }`);
    expect(services[0]?.service.proxy?.upstreams).toMatchObject([
      { destinationName: "db", destinationType: "service" },
    ]);
  });

  test("services and checks of all files are joined", () => {
    const path = folder({
      "a.json": '{"service": {"name": "redis", "port": 6379, "check": {"tcp": "redis:6379", "interval": "10s"}}}',
      "b.hcl": `
        services { name = "one" }
        services { name = "two" checks { http = "http://x" interval = "5s" } }
        enable_local_script_checks = true
        check { id = "disk" name = "disk" args = ["df"] interval = "1m" }`,
    });
    const { services, checks } = load(["-dev", "-config-dir", path]);
    expect(services.map(({ service }) => service.name)).toEqual(["redis", "one", "two"]);
    expect(services[0]?.checks[0]?.method).toMatchObject({ kind: "tcp", address: "redis:6379" });
    expect(services[2]?.checks).toHaveLength(1);
    expect(checks).toMatchObject([{ id: "disk", method: { kind: "script", args: ["df"] } }]);
  });

  test("field names in the HTTP API's spelling are accepted where Consul accepts them", () => {
    const text = 'check { Name = "x" ScriptArgs = ["a"] Interval = "5s" ServiceID = "s" } enable_script_checks = true';
    expect(loadText(text).checks).toMatchObject([{ name: "x", serviceId: "s", method: { kind: "script" } }]);
    expect(faultsIn('service { name = "x" EnableTagOverride = true }')).toEqual([
      "1:42 invalid config key service.EnableTagOverride; did you mean service.enable_tag_override?",
    ]);
  });

  test("an invalid definition is ignored and reported with its line and column", () => {
    const { services, definitionFaults } = loadText(`services = [{ name = "ok" },
      { name = "type", port = "80" }, { name = "key", prot = 80 }, { port = 80 }]`);
    expect(services.map(({ service }) => service.name)).toEqual(["ok"]);
    expect(definitionFaults).toEqual([
      {
        file: "flags-0.hcl",
        place: { line: 2, column: 31 },
        message: "'services[1].port' expected type 'int', got unconvertible type 'string'",
        isLeftOut: true,
      },
      {
        file: "flags-0.hcl",
        place: { line: 2, column: 62 },
        message: "invalid config key services[2].prot; did you mean services[2].port?",
        isLeftOut: true,
      },
      {
        file: "flags-0.hcl",
        place: { line: 2, column: 68 },
        message: 'service "": Missing service name',
        isLeftOut: true,
      },
    ]);
  });

  test("a script check without permission, and a watch without a handler, are ignored", () => {
    expect(faultsIn('check { name = "x" args = ["a"] interval = "5s" }\nwatches { type = "key" key = "a" }')).toEqual([
      expect.stringMatching(/^1:7 check "x": Scripts are disabled on this agent/),
      '2:9 watch "": Must define a watch handler',
    ]);
  });

  test("a check with an invalid status begins as critical, since without the check its service would be healthy", () => {
    const { checks, definitionFaults } = loadText('check { id = "ups" ttl = "30s" status = "ok" }');
    expect(checks).toMatchObject([{ id: "ups", initialStatus: "critical" }]);
    expect(definitionFaults).toMatchObject([
      {
        message: 'check "ups": status "ok" is not one of passing, warning, critical: the check begins as critical',
        isLeftOut: false,
      },
    ]);
  });
});

test("the cluster key is encrypt's bytes, and reconnect_timeout is 0 unless it is set", () => {
  const { clusterKey, reconnectTimeoutMs } = loadText('encrypt = "cg8StVXbQJ0gPvMd9o7yrg=="\nreconnect_timeout = "8h"');
  expect([clusterKey?.length, reconnectTimeoutMs]).toEqual([16, 8 * 3_600_000]);
  expect(loadText("")).toMatchObject({ clusterKey: undefined, reconnectTimeoutMs: 0 });
});

describe("the addresses of an agent", () => {
  test("without a private address the agent starts, and warns that other hosts cannot reach it", () => {
    const options = { args: ["-data-dir", root], env: {}, hostname: "n" };
    const config = loadConfig({ ...options, interfaces: () => [interfaceAddress("eth0", "8.8.8.8/24")] });
    expect(config.advertiseAddress).toBe("127.0.0.1");
    expect(config.warnings).toEqual([expect.stringMatching(/^No private IPv4 address found/)]);
  });

  const docker0 = interfaceAddress("docker0", "172.17.0.1/16");
  const eth0 = interfaceAddress("eth0", "10.0.0.5/8");
  const found = "Multiple private IPv4 addresses found: 172.17.0.1 on docker0, 10.0.0.5 on eth0. ";
  const how = "; choose another with 'bind' or 'advertise'";

  test("the agent advertises the private address that the default route uses, and warns if there are several", () => {
    const options = {
      args: ["-data-dir", root],
      env: {},
      hostname: "n",
      interfaces: () => [docker0, { ...eth0, isDefault: true }],
    };
    const config = loadConfig(options);
    expect(config.advertiseAddress).toBe("10.0.0.5");
    expect(config.warnings).toEqual([`${found}This node is known by 10.0.0.5 (the default route's)${how}`]);
    const chosen = loadConfig({ ...options, args: [...options.args, "-advertise", "172.17.0.1"] });
    expect(chosen).toMatchObject({ advertiseAddress: "172.17.0.1", warnings: [] });
  });

  test("the address of an interface without a carrier is not advertised", () => {
    const unused = { ...docker0, flags: interfaceFlags.up };
    const config = loadConfig({ args: ["-data-dir", root], env: {}, hostname: "n", interfaces: () => [unused, eth0] });
    expect(config).toMatchObject({ advertiseAddress: "10.0.0.5", warnings: [] });
  });

  test("the agent starts with a warning if the machine's addresses cannot be listed", () => {
    const interfaces = (): never => {
      throw new Error("cannot open a netlink socket");
    };
    const config = loadConfig({ args: ["-data-dir", root, "-bind", "127.0.0.1"], env: {}, hostname: "n", interfaces });
    const warning = "The addresses of this machine are unknown: cannot open a netlink socket";
    expect(config).toMatchObject({ advertiseAddress: "127.0.0.1", warnings: [warning] });
  });

  test("without a default route the agent advertises the first of several private addresses", () => {
    const config = loadConfig({ args: ["-data-dir", root], env: {}, hostname: "n", interfaces: () => [docker0, eth0] });
    expect(config.advertiseAddress).toBe("172.17.0.1");
    expect(config.warnings).toEqual([
      `${found}This node is known by 172.17.0.1 (the first: no default route leads to one)${how}`,
    ]);
  });

  test("each listener binds to its own addresses, else to client_addr, and unix sockets need no port", () => {
    const config = loadText(`
      client_addr = "127.0.0.1 {{ GetPrivateIP }}"
      ports { http = -1, https = 8501 }
      addresses { http = "unix:///run/p.sock 10.0.0.5" }`);
    expect(config.httpAddresses).toEqual(["unix:///run/p.sock"]);
    expect(config.httpsAddresses).toEqual(["127.0.0.1", "10.0.0.5"]);
    expect(config.dnsAddresses).toEqual(["127.0.0.1", "10.0.0.5"]);
  });
});

describe("the validation of a configuration", () => {
  const faults: readonly (readonly [hcl: string, message: string])[] = [
    ['data_dir = ""', "data_dir cannot be empty"],
    ['data_dir = "/etc/passwd"', 'data_dir "/etc/passwd" is not a directory (flags-0.hcl:1)'],
    ['datacenter = "A b"', 'datacenter cannot be "a b". Please use only [a-z0-9-_] (flags-0.hcl:1)'],
    ['datacenter = ""', "datacenter cannot be empty"],
    ['node_id = "zz"', 'node_id: "zz" is not a UUID'],
    ["bootstrap = true", "'bootstrap = true' requires 'server = true'"],
    ["bootstrap_expect = 2", "'bootstrap_expect > 0' requires 'server = true'"],
    ["server = true\nbootstrap_expect = -1", "bootstrap_expect cannot be -1. Must be greater than or equal to zero"],
    [
      "server = true\nbootstrap = true\nbootstrap_expect = 3",
      "'bootstrap_expect > 0' and 'bootstrap = true' are mutually exclusive",
    ],
    ["ports { http = 70000 }", "ports.http: invalid port: 70000; at most 65535 (flags-0.hcl:1)"],
    ["ports { http = 8600 }", "HTTP address 127.0.0.1:8600 already configured for DNS"],
    ["ports { server = 8301 }", "Serf Advertise LAN address 10.0.0.5:8301 already configured for RPC Advertise"],
    ['node_meta { "consul-a" = "x" }', "Key prefix 'consul-' is reserved for internal use"],
    ['encrypt = "abc"', "encrypt has invalid key: it is not base64. Make one with `praetor keygen` (flags-0.hcl:1)"],
    ['encrypt = "cGFzcw=="', "encrypt has invalid key: it has 4 bytes, and must have 16, 24 or 32. Make one with"],
    ['bind_addr = "1.2.3.4 5.6.7.8"', "bind_addr cannot contain multiple addresses."],
    ['bind_addr = "unix:///x"', "bind_addr cannot be a unix socket"],
    ['bind_addr = "foo"', "bind_addr: invalid ip address: foo (flags-0.hcl:1)"],
    ['bind_addr = "{{ GetFoo }}"', 'function "GetFoo" not defined (flags-0.hcl:1)'],
    ['client_addr = "unix:///x"', "client_addr cannot be a unix socket"],
    ['advertise_addr = "0.0.0.0"', "Advertise address cannot be 0.0.0.0, :: or [::]"],
    ['advertise_addr = "1.1.1.1 2.2.2.2"', "advertise_addr: multiple addresses found: 1.1.1.1 2.2.2.2"],
    ['advertise_addr_ipv4 = "::1"', "advertise_addr_ipv4 must be an ipv4 address"],
    ['addresses { dns = "unix:///x" }', "DNS address cannot be a unix socket"],
    ['recursors = ["0.0.0.0"]', "DNS recursor address cannot be 0.0.0.0, :: or [::]"],
    ['recursors = ["unix://x"]', "DNS Recursors cannot be unix sockets: unix://x"],
    ['alt_domain = "service."', "alt_domain cannot start with {service,connect,node,query,addr,dc1}"],
    ["dns_config { udp_answer_limit = -1 }", "dns_config.udp_answer_limit cannot be -1."],
    ['http_config { allow_write_http_from = ["x"] }', "allow_write_http_from: invalid cidr: x"],
    ["check_output_max_size = 0", "check_output_max_size must be positive"],
    ['ui = true\nui_dir = "/tmp"', "Both the ui and ui-dir flags were specified"],
    ['ui_content_path = "/a b/"', "ui-content-path can only contain alphanumeric, -, _, or /."],
    ['ui_content_path = "/"', "ui-content-path cannot be /: that path leads to the UI"],
    ['ui_content_path = "v1"', "ui-content-path cannot have 'v[0-9]'."],
    ['log_level = "foo"', "Invalid log level: foo. Valid log levels are: [TRACE DEBUG INFO WARN ERR ERROR]"],
    ['acl { enabled = true, default_policy = "bogus" }', "Unsupported default ACL policy: bogus"],
    ['acl { enabled = true, down_policy = "bogus" }', "Unsupported down ACL policy: bogus"],
  ];
  test.each(faults)("refuses %s with the error %s", (hcl, message) => {
    let thrown: unknown;
    try {
      loadText(hcl);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(OperatingError);
    expect(String(thrown)).toContain(message);
  });

  test("refuses bootstrap_expect together with -dev", () => {
    expect(() => load(["-dev", "-bootstrap-expect", "3"])).toThrow("'bootstrap_expect > 0' not allowed in dev mode");
  });

  const warnings: readonly (readonly [hcl: string, warning: string])[] = [
    ['node_name = "a b"', 'Node name "a b" will not be discoverable via DNS due to invalid characters.'],
    ["server = true\nbootstrap_expect = 1", "BootstrapExpect is set to 1; this is the same as Bootstrap mode."],
    ['server = true\nbootstrap = true\nretry_join = ["a"]', "retry_join: a server with bootstrap stands alone"],
    ['ui_dir = "/nowhere"', 'ui_dir "/nowhere" is not a folder: no UI is served (flags-0.hcl:1)'],
    ['reconnect_timeout_wan = "8h"', "reconnect_timeout_wan has no meaning here: "],
    ["enable_script_checks = true", "using enable-script-checks without ACLs and without allow_write_http_from"],
    ['client_addr = ""', "client_addr is empty"],
  ];
  test.each(warnings)("accepts a risky setting, or one without effect, with a warning: %s", (hcl, warning) => {
    expect(loadText(hcl).warnings.join("\n")).toContain(warning);
  });
});
