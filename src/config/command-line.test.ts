import { describe, expect, test } from "bun:test";
import { parseCommandLine } from "./command-line.ts";
import { fieldByPath } from "./fields.ts";
import { agentFlags } from "./flag-table.ts";
import { formatAgentUsage } from "./usage.ts";

describe("the agent's command line", () => {
  test("every flag that sets a field sets one that exists, of a kind that fits", () => {
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

  test("files and folders keep their order between each other", () => {
    const line = parseCommandLine(["-config-dir", "a", "-config-file=b", "-node", "-config-file", "-config-dir=c"]);
    expect(line.configPaths).toEqual(["a", "b", "c"]);
  });

  test("a pair without a colon has an empty value, a second colon belongs to the value", () => {
    const { scalars } = parseCommandLine(["-node-meta", "rack", "-node-meta", "url:http://x"]);
    expect(scalars.settings.get("node_meta")?.value).toEqual({ rack: "", url: "http://x" });
  });

  test("what is no flag is refused", () => {
    expect(() => parseCommandLine(["-dev", "x", "y"])).toThrow("Unexpected extra arguments: [x y]");
    expect(() => parseCommandLine(["-config-format", "xml"])).toThrow(
      "config: -config-format must be either 'hcl' or 'json'",
    );
    expect(() => parseCommandLine(["-max-query-time=abc"])).toThrow(
      'max_query_time: invalid duration: "abc": time: invalid duration "abc"',
    );
  });

  test("help names every flag once, and only shows examples that are accepted", () => {
    const usage = formatAgentUsage();
    for (const { name } of agentFlags) expect(usage.match(new RegExp(`^  -${name}(=|$)`, "gm"))).toHaveLength(1);
    for (const { example } of agentFlags.filter((flag) => flag.example !== "")) {
      const words = [...example.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? "");
      expect(parseCommandLine(words).helpAsked).toBe(false);
    }
  });

  test("help is asked for, whatever else stands there", () => {
    expect(parseCommandLine(["-dev", "-help"]).helpAsked).toBe(true);
  });
});
