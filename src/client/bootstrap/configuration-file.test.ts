import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { rejectionOf } from "../../../test/support/rejection.ts";
import { type ConfigurationFile, readConfigurationFile } from "./configuration-file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "configuration-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

function read(name?: string, profile?: string): Promise<ConfigurationFile | undefined> {
  return readConfigurationFile({ directory: folder, profile, name });
}

describe("readConfigurationFile", () => {
  const pairs: [string, string][] = [
    ["Writable/LogLevel", "INFO"],
    ["Service/Port", "48080"],
    ["Service/Rate", "1.5"],
    ["Service/IsOn", "true"],
    ["Labels/0", "a"],
    ["Labels/1", "b"],
    ["Topics", ""],
    ["Since", "2020-06-12T00:00:00.000Z"],
  ];
  const toml = `Labels = ["a", "b"]\nTopics = []\nSince = 2020-06-12T00:00:00Z\n[Writable]\nLogLevel = 'INFO' # of four\n[Service]\nPort = 48_080\nRate = 1.5\nIsOn = true\n`;
  const yaml = `Labels: [a, b]\nTopics: []\nSince: "2020-06-12T00:00:00.000Z"\nWritable:\n  LogLevel: INFO # of four\nService:\n  Port: 48080\n  Rate: 1.5\n  IsOn: true\n`;
  const json = JSON.stringify({
    ...{ Labels: ["a", "b"], Topics: [], Since: "2020-06-12T00:00:00.000Z" },
    ...{ Writable: { LogLevel: "INFO" }, Service: { Port: 48080, Rate: 1.5, IsOn: true } },
  });

  test.each([
    ["a.toml", toml],
    ["a.yaml", yaml],
    ["a.yml", yaml],
    ["a.JSON", json],
  ])("reads the same settings from the file %s", async (name, text) => {
    write(name, text);
    expect(Object.fromEntries((await read(name))?.pairs ?? [])).toEqual(Object.fromEntries(pairs));
  });

  test("reads a profile's file from the subfolder of that name", async () => {
    write("docker/configuration.toml", "Port = 1");
    expect(await read(undefined, "docker")).toEqual({
      path: join(folder, "docker/configuration.toml"),
      pairs: [["Port", "1"]],
    });
  });

  test("reads the first existing file of TOML, YAML and JSON if no file name is given", async () => {
    write("configuration.json", '{"from": "json"}');
    expect((await read())?.pairs).toEqual([["from", "json"]]);
    write("configuration.yaml", "from: yaml");
    expect((await read())?.pairs).toEqual([["from", "yaml"]]);
    write("configuration.toml", "from = 'toml'");
    expect((await read())?.pairs).toEqual([["from", "toml"]]);
  });

  test("rejects a missing file only if a flag or variable names it", async () => {
    const nothing = { directory: undefined, profile: undefined, name: undefined };
    expect(await readConfigurationFile(nothing)).toBeUndefined();
    const missing = `could not load configuration file (${folder}/configuration.toml): open ${folder}/configuration.toml: no such file or directory`;
    expect((await rejectionOf(read())).message).toBe(missing);
    expect((await rejectionOf(readConfigurationFile({ ...nothing, name: "x.toml" }))).message).toContain("res/x.toml");
    expect((await rejectionOf(readConfigurationFile({ ...nothing, profile: "p" }))).message).toContain("res/p/");
  });

  test.each([
    ["a.toml", "Port = 1\nHost = \n", /line|2:/i],
    ["a.yaml", "Port: 1\nHost: [\n", /line 2|line 3/],
    ["a.json", '{"Port": }', /JSON/],
    ["a.ini", "Port=1", /must end in .toml, .yaml, .yml or .json/],
    ["a.yaml", "just words", /has no settings/],
    ["b.json", "[1]", /has no settings/],
  ])("rejects the file %s with the content %j, and the error names the cause", async (name, text, expected) => {
    write(name, text);
    const { message } = await rejectionOf(read(name));
    expect(message).toStartWith(`could not load configuration file (${join(folder, name)}): `);
    expect(message).toMatch(expected);
  });

  test("returns no settings for an empty file", async () => {
    write("a.yaml", "# nothing yet\n");
    write("a.toml", "");
    expect([(await read("a.yaml"))?.pairs, (await read("a.toml"))?.pairs]).toEqual([[], []]);
  });
});
