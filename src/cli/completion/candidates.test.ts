import { describe, expect, test } from "bun:test";
import type { Command, CommandFlag } from "../command.ts";
import { completionAnswer } from "./answer-shell.ts";
import { candidatesFor } from "./candidates.ts";

const flag = (name: string, kind: CommandFlag["kind"], value: string): CommandFlag => ({
  ...{ name, kind, value },
  help: `About ${name}.`,
});

function command(name: string, flags: readonly CommandFlag[] = []): Command {
  return { name, flags, summary: `does ${name}`, help: "", run: () => Promise.resolve(0) };
}

const commands = [
  command("kv get", [
    flag("keys", "bool", ""),
    flag("key-file", "text", "path"),
    flag("format", "text", "pretty|json"),
  ]),
  command("kv put"),
  command("operator raft list-peers"),
  command("maint", [flag("enable", "bool", "")]),
  command("members"),
];

const words = (line: string): readonly string[] => candidatesFor(line, commands).map(({ word }) => word);

describe("completion", () => {
  test.each([
    ["praetor ", ["kv", "maint", "members", "operator"]],
    ["praetor m", ["maint", "members"]],
    ["praetor kv ", ["get", "put"]],
    ["praetor  kv   g", ["get"]],
    ["praetor operator ", ["raft"]],
    ["praetor operator raft l", ["list-peers"]],
    ["praetor nothing ", []],
  ])("of %j offers the commands or groups %j", (line, expected) => expect(words(line)).toEqual(expected));

  test.each([
    ["praetor kv get -", ["-format", "-key-file", "-keys"]],
    ["praetor kv get -keys -f", ["-format"]],
    ["praetor kv get --ke", ["--key-file", "--keys"]],
    ["praetor maint -", ["-enable"]],
    ["praetor members -", []],
  ])("of %j offers the flags %j", (line, expected) => expect(words(line)).toEqual(expected));

  test.each([
    ["praetor kv get -format ", ["json", "pretty"]],
    ["praetor kv get -format j", ["json"]],
    ["praetor kv get -format=", ["-format=json", "-format=pretty"]],
    ["praetor kv get --format=p", ["--format=pretty"]],
    ["praetor kv get -keys=t", ["-keys=true"]],
  ])("of %j offers the flag values %j", (line, expected) => expect(words(line)).toEqual(expected));

  test.each(["praetor kv get ", "praetor kv get -key-file ", "praetor kv get -key-file=a", "praetor kv get -keys "])(
    "of %j offers nothing, so that the shell offers files",
    (line) => expect(words(line)).toEqual([]),
  );
});

describe("a shell's request for completion", () => {
  const ask = (env: Readonly<Record<string, string>>, ...args: readonly string[]): string | undefined =>
    completionAnswer(args, env, commands);

  test("is recognized by COMP_LINE", () => {
    expect(ask({})).toBeUndefined();
    expect(ask({ COMP_LINE: "praetor kv p" })).toBe("put\n");
  });

  test("is answered from the text before the cursor only", () => {
    expect(ask({ COMP_LINE: "praetor kv pxx", COMP_POINT: "12" })).toBe("put\n");
  });

  test("is answered with a flag's value alone if the shell splits words at =, else with the whole flag", () => {
    const env = { COMP_LINE: "praetor kv get -format=js" };
    expect(ask(env, "praetor", "js", "=")).toBe("json\n");
    expect(ask(env, "praetor", "-format=js", "get")).toBe("-format=json\n");
  });

  test("is answered with descriptions if COMP_DESCRIBED is 1", () => {
    const env = { COMP_LINE: "praetor ma", COMP_DESCRIBED: "1" };
    expect(ask(env)).toBe("maint\tdoes maint\n");
    expect(ask({ ...env, COMP_LINE: "praetor kv get -f" })).toBe("-format\tAbout format.\n");
  });
});
