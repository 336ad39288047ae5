import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { OperatingError } from "./errors.ts";
import { type FlagSpec, parseGoFlags } from "./go-flags.ts";

const specs: readonly FlagSpec[] = [
  { name: "ui", kind: "bool" },
  { name: "http-port", kind: "int" },
  { name: "join", kind: "text" },
  { name: "flags", kind: "uint" },
];

function values(...args: string[]): Record<string, readonly string[]> {
  return Object.fromEntries(parseGoFlags(args, specs).values);
}

describe("a command line by the rules of Go's flag package", () => {
  test("may have a flag with a value as -x v, -x=v, --x v or --x=v", () => {
    for (const args of [["-join", "a"], ["-join=a"], ["--join", "a"], ["--join=a"]])
      expect(values(...args)).toEqual({ join: ["a"] });
  });

  test("does not use the word after a boolean flag as the flag's value", () => {
    const parsed = parseGoFlags(["-ui", "false"], specs);
    expect(parsed.values.get("ui")).toEqual(["true"]);
    expect(parsed.rest).toEqual(["false"]);
    expect(values("-ui=F")).toEqual({ ui: ["false"] });
  });

  test("keeps every value of a repeated flag, in order", () => {
    expect(values("-join", "a", "-join=b=c", "-join=")).toEqual({ join: ["a", "b=c", ""] });
  });

  test("ends its flags before the first word without a dash, before a single dash, and after --", () => {
    expect(parseGoFlags(["-ui", "x", "-join", "a"], specs).rest).toEqual(["x", "-join", "a"]);
    expect(parseGoFlags(["-", "-ui"], specs).rest).toEqual(["-", "-ui"]);
    expect(parseGoFlags(["--", "-ui"], specs).rest).toEqual(["-ui"]);
  });

  test("may have an unsigned number of up to 64 bits as a flag's value", () => {
    expect(values("-flags=18446744073709551615")).toEqual({ flags: ["18446744073709551615"] });
    expect(values("-flags=0x2a")).toEqual({ flags: ["42"] });
    expect(() => values("-flags=-1")).toThrow('invalid value "-1" for flag -flags: parse error');
    const tooMuch = "18446744073709551616";
    expect(() => values("-flags", tooMuch)).toThrow(`invalid value "${tooMuch}" for flag -flags: value out of range`);
  });

  test("may have a flag's value that begins with a dash", () => {
    expect(values("-http-port", "-1")).toEqual({ "http-port": ["-1"] });
  });

  test("requests help with -h, -help and --help", () => {
    for (const word of ["-h", "-help", "--help"]) expect(parseGoFlags([word], specs).helpAsked).toBe(true);
  });

  test("with an invalid flag is refused with the error text of Go's flag package", () => {
    const messages: readonly [string[], string][] = [
      [["-foo"], "flag provided but not defined: -foo"],
      [["--foo=1"], "flag provided but not defined: -foo"],
      [["-join"], "flag needs an argument: -join"],
      [["---x"], "bad flag syntax: ---x"],
      [["-=3"], "bad flag syntax: -=3"],
      [["-ui=maybe"], 'invalid boolean value "maybe" for -ui: strconv.ParseBool: parsing "maybe": invalid syntax'],
      [["-http-port=abc"], 'invalid value "abc" for flag -http-port: strconv.Atoi: parsing "abc": invalid syntax'],
    ];
    for (const [args, message] of messages)
      expect(() => parseGoFlags(args, specs)).toThrow(new OperatingError("invalid", "invalid-flag", message));
  });

  test("of any words parses or throws an OperatingError, never another error", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.constantFrom("-ui", "-join", "--", "-http-port=1"))), (args) => {
        try {
          parseGoFlags(args, specs);
        } catch (error) {
          expect(error).toBeInstanceOf(OperatingError);
        }
      }),
    );
  });
});
