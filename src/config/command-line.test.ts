import { describe, expect, test } from "bun:test";
import { parseCommandLine } from "./command-line.ts";
import { fieldByPath } from "./fields.ts";
import { agentFlags } from "./flag-table.ts";
import { formatAgentUsage } from "./usage.ts";

describe("the agent's command line", () => {
  test("every flag that sets a field names an existing field of a matching type", () => {
    for (const { name, kind, field } of agentFlags) {
      if (field === undefined) continue;
      const type = fieldByPath.get(field)?.type ?? "missing";
      const fitting = {
        bool: ["bool"],
        int: ["int"],
        uint: ["int"],
        text: ["string", "strings", "string map", "duration"],
      }[kind];
      expect(`${name}: ${fitting.includes(type) ? "fits" : type}`).toBe(`${name}: fits`);
    }
  });

  test("-config-file and -config-dir keep the order in which they are given", () => {
    const line = parseCommandLine(["-config-dir", "a", "-config-file=b", "-node", "-config-file", "-config-dir=c"]);
    expect(line.configPaths).toEqual(["a", "b", "c"]);
  });

  test("a -node-meta without a colon has an empty value, and a second colon belongs to the value", () => {
    const { scalars } = parseCommandLine(["-node-meta", "rack", "-node-meta", "url:http://x"]);
    expect(scalars.settings.get("node_meta")?.value).toEqual({ rack: "", url: "http://x" });
  });

  test("extra arguments and invalid flag values are refused", () => {
    expect(() => parseCommandLine(["-dev", "x", "y"])).toThrow("Unexpected extra arguments: [x y]");
    expect(() => parseCommandLine(["-config-format", "xml"])).toThrow(
      "config: -config-format must be either 'hcl' or 'json'",
    );
    expect(() => parseCommandLine(["-max-query-time=abc"])).toThrow(
      'max_query_time: invalid duration: "abc": time: invalid duration "abc"',
    );
  });

  test("help lists every flag once, and every example in it parses", () => {
    const usage = formatAgentUsage();
    for (const { name } of agentFlags) expect(usage.match(new RegExp(`^  -${name}(=|$)`, "gm"))).toHaveLength(1);
    for (const { example } of agentFlags.filter((flag) => flag.example !== "")) {
      const words = [...example.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? "");
      expect(parseCommandLine(words).helpAsked).toBe(false);
    }
  });

  test("-help is recognized when other flags are given, too", () => {
    expect(parseCommandLine(["-dev", "-help"]).helpAsked).toBe(true);
  });
});
