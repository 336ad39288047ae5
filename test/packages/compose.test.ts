import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { compileProgram } from "../../scripts/compile-program.ts";
import { output } from "../../scripts/image/output.ts";
import { type Composition, parseComposition, runWords, startOrder } from "../support/composition.ts";
import { ContainerEngine } from "../support/container-engine.ts";
import { within } from "../support/within.ts";

/*
 * Runs the compose files of examples/ with the image that `make image` has written, and with stand-ins for EdgeX's images. The stand-ins
 * of Geneva are the services of examples/gateway, those of EdgeX 4 are scripts that send the same requests. Redis and Mosquitto are
 * this machine's programs. All containers share the loopback interface of the engine.
 */

const root = resolve(import.meta.dir, "../..");
const soonMs = 60_000;

/** An image in the place of one of EdgeX's: the image edgex of Praetor with other files and another command. */
interface StandIn {
  readonly image: string;
  readonly command: readonly string[];
  /** Writes files into a folder that is copied over the image's root. */
  readonly add?: (folder: string) => Promise<void> | void;
  readonly env?: Readonly<Record<string, string>>;
}

const redis: StandIn = {
  image: "redis:5.0.8-alpine",
  command: ["/opt/redis-server", "--dir", "/data"],
  add: (folder) => addProgram("redis-server", join(folder, "opt/redis-server"), join(folder, "opt/lib")),
  env: { LD_LIBRARY_PATH: "/opt/lib" },
};

const mosquitto: StandIn = {
  image: "eclipse-mosquitto:2.0",
  command: [],
  // The compose file names the program and its file.
  async add(folder) {
    await addProgram("mosquitto", join(folder, "usr/sbin/mosquitto"), join(folder, "opt/lib"));
    writeFileSync(join(folder, "mosquitto-no-auth.conf"), "listener 1883\nallow_anonymous true\nuser root\n");
  },
  env: { LD_LIBRARY_PATH: "/opt/lib" },
};

const geneva: readonly StandIn[] = ["core-metadata", "core-data", "core-command"].map((name) => ({
  image: `edgexfoundry/docker-${name}-go:1.2.1`,
  // The command of EdgeX's image.
  command: [
    "/opt/service",
    name,
    "-cp=consul.http://edgex-core-consul:8500",
    "--registry",
    `--confdir=/opt/res/${name}`,
  ],
  async add(folder) {
    const isCompiled = await compileProgram(
      [join(root, "examples/gateway/service/main.ts")],
      join(folder, "opt/service"),
    );
    if (!isCompiled) throw new Error("examples/gateway/service/main.ts cannot be compiled");
    cpSync(join(root, "examples/gateway/res"), join(folder, "opt/res"), { recursive: true });
  },
}));

/** Registers with core-keeper as EdgeX 4 does and answers health checks, until SIGTERM. */
const registeringScript = `#!/bin/sh
set -eu
url=\${EDGEX_CONFIG_PROVIDER#keeper.}/api/v3
name=\${SERVICE_HOST#edgex-}
curl -fsS "$url/kvs/key/edgex/v4/core-common-config-bootstrapper/all-services/Writable/LogLevel"
body='"serviceId":"'$name'","host":"'$SERVICE_HOST'","port":'$SERVICE_PORT',"healthCheck":{"interval":"1s","path":"/api/v3/ping","type":"http"}'
curl -fsS -X POST -H 'Content-Type: application/json' -d '{"apiVersion":"v3","registration":{'"$body"'}}' "$url/registry"
exec busybox httpd -f -p "$SERVICE_PORT" -h /opt/www
`;

const commonScript = `#!/bin/sh
set -eu
url=\${EDGEX_CONFIG_PROVIDER#keeper.}/api/v3
curl -fsS -X PUT -H 'Content-Type: application/json' -d '{"apiVersion":"v3","value":{"Writable":{"LogLevel":"INFO"}}}' \\
  "$url/kvs/key/edgex/v4/core-common-config-bootstrapper/all-services?flatten=true"
`;

const edgex4: readonly StandIn[] = [
  { image: "edgexfoundry/core-common-config-bootstrapper:4.0.0", ...script(commonScript) },
  { image: "edgexfoundry/core-metadata:4.0.0", ...script(registeringScript), env: { SERVICE_PORT: "59881" } },
  { image: "edgexfoundry/core-data:4.0.0", ...script(registeringScript), env: { SERVICE_PORT: "59880" } },
  // The stand-ins of the services store nothing.
  { image: "postgres:16.3-alpine", command: ["sleep", "100000"] },
];

function script(text: string): Pick<StandIn, "command" | "add"> {
  return {
    command: ["/opt/run"],
    add(folder) {
      mkdirSync(join(folder, "opt/www/api/v3"), { recursive: true });
      writeFileSync(join(folder, "opt/www/api/v3/ping"), "{}");
      writeFileSync(join(folder, "opt/run"), text, { mode: 0o755 });
    },
  };
}

/** Copies a program of this machine, and its libraries into a folder. */
async function addProgram(name: string, to: string, libraries: string): Promise<void> {
  const program = Bun.which(name, { PATH: `${process.env["PATH"]}:/usr/sbin` });
  if (program === null) throw new Error(`this machine has no ${name}: run scripts/ensure-debian-packages test`);
  for (const [, library = ""] of (await output(["ldd", program])).matchAll(/=> (\/\S+)/g))
    cpSync(library, join(libraries, basename(library)), { dereference: true });
  cpSync(program, to, { dereference: true });
}

describe.each([
  ["geneva", [redis, ...geneva]],
  ["edgex-4", [mosquitto, ...edgex4]],
] as const)("the file examples/compose/%s", (name, standIns) => {
  const text = readFileSync(join(root, `examples/compose/${name}/docker-compose.yml`), "utf8");
  const composition: Composition = parseComposition(text);
  const names = startOrder(composition);
  const agent = names.find((each) => composition.services[each]?.image === "praetor") ?? "";
  let engine: ContainerEngine;

  beforeAll(async () => {
    engine = await ContainerEngine.open();
    await engine.podman("tag", await engine.load(join(root, "dist/praetor-edgex.tar"), "amd64"), "localhost/stand-in");
    await engine.podman("tag", await engine.load(join(root, "dist/praetor-slim.tar"), "amd64"), "localhost/praetor");
    for (const standIn of standIns) await build(standIn);
    for (const each of names) await start(each);
  });

  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
  });

  async function build({ image, command, add, env = {} }: StandIn): Promise<void> {
    const folder = join(engine.folder, image.replaceAll(/[/:]/g, "-"));
    mkdirSync(join(folder, "root"), { recursive: true });
    await add?.(join(folder, "root"));
    const variables = Object.entries(env).map(([variable, value]) => `ENV ${variable}=${value}\n`);
    const lines = [
      "FROM localhost/stand-in",
      "COPY root /",
      "USER 0",
      "HEALTHCHECK NONE",
      `ENTRYPOINT ${JSON.stringify(command)}`,
    ];
    writeFileSync(join(folder, "Containerfile"), `${lines.join("\n")}\n${variables.join("")}`);
    await engine.podman(
      "build",
      "--quiet",
      "--pull=never",
      "--isolation",
      "chroot",
      "--tag",
      `localhost/${image}`,
      folder,
    );
  }

  async function start(each: string): Promise<void> {
    for (const [before, { condition }] of Object.entries(composition.services[each]?.depends_on ?? {}))
      if (condition === "service_healthy") await within(soonMs, () => engine.podman("healthcheck", "run", before));
    await engine.podman("run", "--detach", "--pull", "never", ...runWords(each, composition));
  }

  async function praetor(...words: readonly string[]): Promise<string> {
    return engine.podman("exec", agent, "praetor", ...words);
  }

  test("starts a gateway whose services all pass their checks", async () => {
    const services = names
      .filter((each) => (composition.services[each]?.ports ?? []).length > 0 && each !== agent)
      .map((each) => composition.services[each]?.hostname ?? "");
    expect(services.length).toBeGreaterThan(1);
    const registered = services.map((host) => (name === "geneva" ? host : host.replace("edgex-", "")));
    for (const each of name === "geneva" ? [...registered, "edgex-redis"] : registered) {
      await within(soonMs, () => praetor("health", each, "--url", "http://127.0.0.1:8500"));
    }
  });

  test("publishes ports on which the services listen", async () => {
    const ports = Object.values(composition.services).flatMap((service) => service.ports ?? []);
    for (const published of ports) {
      const [address, number] = published.split(":");
      const { code, text } = await engine.run("curl", "-sS", "--max-time", "30", `http://${address}:${number}/`);
      expect([published, code, text]).toEqual([published, 0, text]);
    }
  });

  test("keeps the registry's data when its container is replaced", async () => {
    await praetor("kv", "put", "edgex/kept", "yes");
    await engine.podman("rm", "--force", "--time", "10", agent);
    await start(agent);
    await within(soonMs, async () => expect(await praetor("kv", "get", "edgex/kept")).toBe("yes"));
  });
});
