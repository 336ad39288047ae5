import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { planEdgex } from "../../src/edgex/plan.ts";
import { finalStage, parseDockerfile, textOf } from "../../scripts/image/dockerfile.ts";

const root = resolve(import.meta.dir, "../..");
const image = finalStage(parseDockerfile(readFileSync(join(root, "Dockerfile"), "utf8")));
const examples = join(root, "examples/compose");

interface Service {
  readonly image: string;
  readonly hostname: string;
  readonly command?: unknown;
  readonly entrypoint?: unknown;
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly user?: string;
  readonly read_only?: boolean;
}

interface Composition {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

describe.each(readdirSync(examples))("the file examples/compose/%s", (name) => {
  const text = readFileSync(join(examples, name, "docker-compose.yml"), "utf8");
  const { services, volumes } = parse(text, { merge: true }) as Composition;
  const all = Object.values(services);
  const praetor = all.find((service) => service.image === "praetor");
  const env = praetor?.environment ?? {};
  const plan = planEdgex([], { env, folderState: () => "writable", executable: ["praetor"] });

  test("uses the image's command, user and single volume unchanged", () => {
    expect(praetor?.command ?? praetor?.entrypoint).toBeUndefined();
    expect(praetor?.user).toBe(textOf(image, "USER"));
    expect(praetor?.read_only).toBe(true);
    expect(praetor?.tmpfs).toEqual(["/tmp"]);
    expect(praetor?.volumes).toEqual([`praetor:${textOf(image, "VOLUME")}`]);
    for (const { path } of plan.folders) expect(path).toStartWith(`${textOf(image, "VOLUME")}/`);
  });

  test("publishes only ports that the image exposes, and only on this machine's loopback address", () => {
    const exposed = textOf(image, "EXPOSE").split(/\s+/);
    for (const port of praetor?.ports ?? []) {
      const [, published, inside] = /^127\.0\.0\.1:(\d+):(\d+)$/.exec(port) ?? [];
      expect(exposed).toContain(inside ?? "");
      expect(published).toBe(inside);
    }
  });

  test("sets only environment variables that `praetor edgex` reads, to values that it accepts", () => {
    const source = ["plan.ts", "message-bus-settings.ts"].map((file) =>
      readFileSync(join(root, "src/edgex", file), "utf8"),
    );
    expect(Object.keys(env).filter((variable) => !source.join("").includes(`"${variable}"`))).toEqual([]);
    expect(plan.warnings).toEqual([]);
  });

  test("gives EdgeX's services the registry's host name and a port on which it listens", () => {
    const told = all.flatMap(({ environment = {} }) => [
      ...[environment["edgex_registry"], environment["EDGEX_CONFIG_PROVIDER"]].filter((url) => url !== undefined),
    ]);
    expect(told.length).toBeGreaterThan(1);
    for (const url of new Set(told)) {
      const { type, host, port } = /^(?<type>\w+)\.http:\/\/(?<host>[^:]+):(?<port>\d+)$/.exec(url)?.groups ?? {};
      expect([host, port]).toEqual([praetor?.hostname, type === "keeper" ? keeperPort() : "8500"]);
    }
  });

  test("refers only to existing hosts and declared volumes", () => {
    const hosts = all.map(({ hostname }) => hostname);
    for (const { environment = {}, volumes: mounts = [] } of all) {
      for (const [variable, value] of Object.entries(environment))
        if (/_HOST$/i.test(variable)) expect(hosts).toContain(value);
      for (const mount of mounts) expect(Object.keys(volumes)).toContain(mount.split(":")[0] ?? "");
    }
  });

  test("includes the host of the database that the agent registers and checks", () => {
    for (const { name: file, ...definition } of plan.folders.flatMap(({ files }) => files)) {
      if (!file.startsWith("01-") || !("content" in definition)) continue;
      const { service } = JSON.parse(definition.content) as { readonly service: { readonly address: string } };
      expect(all.map(({ hostname }) => hostname)).toContain(service.address);
    }
  });

  function keeperPort(): string {
    const own = plan.folders[0]?.files.find((file) => file.name === "00-praetor.json");
    const { ports } = JSON.parse(own !== undefined && "content" in own ? own.content : "{}") as {
      readonly ports: { readonly keeper: number };
    };
    return String(ports.keeper);
  }
});
