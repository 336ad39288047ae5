import { describe, expect, test } from "bun:test";
import { formatServiceUsage, parseServiceFlags, type ServiceFlags } from "./service-flags.ts";

const nothing: ServiceFlags = {
  providerUrl: undefined,
  overwrite: false,
  file: undefined,
  profile: undefined,
  directory: undefined,
  useRegistry: false,
  registryUrl: undefined,
  helpAsked: false,
};
const local = "consul.http://localhost:8500";
const url = "consul.http://edgex-core-consul:8500";

describe("parseServiceFlags", () => {
  const cases: readonly (readonly [string, Partial<ServiceFlags>])[] = [
    ["", {}],
    ["-cp", { providerUrl: local }],
    ["--configProvider", { providerUrl: local }],
    [`-cp=${url}`, { providerUrl: url }],
    [`-configProvider=${url} --registry --confdir=/res`, { providerUrl: url, useRegistry: true, directory: "/res" }],
    [`-cp ${url} -r`, { providerUrl: url, useRegistry: true }],
    ["-cp -r", { providerUrl: local, useRegistry: true }],
    ["-r", { useRegistry: true }],
    ["--registry", { useRegistry: true }],
    ["-r=.", { useRegistry: true }],
    ["-r=true", { useRegistry: true }],
    ["-r=false", {}],
    ["-r=consul://h:1", { useRegistry: true, registryUrl: "consul://h:1" }],
    ["--registry consul://h:1", { useRegistry: true, registryUrl: "consul://h:1" }],
    ["-c /opt/edgex-res", { directory: "/opt/edgex-res" }],
    ["-c /opt/edgex-cp -f=-r.toml", { directory: "/opt/edgex-cp", file: "-r.toml" }],
    ["-cd /res -cf a.yaml", { directory: "/res", file: "a.yaml" }],
    ["--configDir=/res --configFile=a.yaml", { directory: "/res", file: "a.yaml" }],
    ["-o -f a.json -p docker", { overwrite: true, file: "a.json", profile: "docker" }],
    ["--overwrite --file=a.json --profile=docker", { overwrite: true, file: "a.json", profile: "docker" }],
    ["-o=false", {}],
    ["-c a -confdir b", { directory: "b" }],
    ["-h", { helpAsked: true }],
    ["--help", { helpAsked: true }],
  ];
  test.each(cases)("parses the command line %j", (line, expected) => {
    expect(parseServiceFlags(line.split(" ").filter(Boolean))).toEqual({ ...nothing, ...expected });
  });

  test.each([
    ["-x", "flag provided but not defined: -x"],
    ["-c", "flag needs an argument: -c"],
    ["-o=maybe", 'invalid boolean value "maybe" for -o'],
    ["-o res -r", 'unexpected argument "res"; --help lists'],
  ])("rejects the command line %j, and the error names the cause", (line, message) => {
    expect(() => parseServiceFlags(line.split(" "))).toThrow(message);
  });
});

test("the text of --help names every flag that a service accepts", () => {
  const usage = formatServiceUsage("core-data");
  for (const name of ["-cp", "--configProvider", "-o", "--overwrite", "-f", "--file", "-cf", "--configFile"])
    expect(usage).toContain(name);
  for (const name of ["-p", "--profile", "-c", "--confdir", "-cd", "--configDir", "-r", "--registry", "-h", "--help"])
    expect(usage).toContain(name);
});
