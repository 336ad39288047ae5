import { expect, test } from "bun:test";
import { goQuote } from "./go-quote.ts";
import { formatGoUrl, GoUrlError, parseGoUrl, requestUri, resolveGoUrl, toAscii } from "./go-url.ts";

// test/conformance/check-urls runs checks of some 380 URLs and compares their requests and outputs with Consul's. The tests here
// cover results of these functions that no request and no output of a check contains.

test("a URL that needs no escaping is formatted as the text from which it was parsed", () => {
  for (const text of ["", "a/b", "./a:b", "//host", "//host/x", "mailto:a@b?c", "http:///x", "x?#f", "*", "http://u@h"])
    expect(formatGoUrl(parseGoUrl(text))).toBe(text);
});

test("a relative reference is resolved against a base URL as in RFC 3986, section 5.4", () => {
  const base = parseGoUrl("http://a/b/c/d;p?q");
  const resolve = (text: string): string => formatGoUrl(resolveGoUrl(base, parseGoUrl(text)));
  const rows: readonly [string, string][] = [
    ["g", "http://a/b/c/g"],
    ["./g", "http://a/b/c/g"],
    ["g/", "http://a/b/c/g/"],
    ["/g", "http://a/g"],
    ["//g", "http://g"],
    ["?y", "http://a/b/c/d;p?y"],
    ["g?y#s", "http://a/b/c/g?y#s"],
    ["", "http://a/b/c/d;p?q"],
    ["../..", "http://a/"],
    ["../../../g", "http://a/g"],
    ["g/./h/../i", "http://a/b/c/g/i"],
    ["g:h", "g:h"],
  ];
  for (const [reference, expected] of rows) expect([reference, resolve(reference)]).toEqual([reference, expected]);
});

test("a URL's query stays as written, and its path is escaped where needed", () => {
  expect(requestUri(parseGoUrl("http://h/é|?é|"))).toBe("/%C3%A9%7C?é|");
});

test("a GoUrlError's message names the URL without its fragment, and its reason does not name the URL", () => {
  const error = (text: string): unknown => {
    try {
      return parseGoUrl(text);
    } catch (thrown) {
      return thrown;
    }
  };
  expect(error("http://h:x/#f")).toBeInstanceOf(GoUrlError);
  expect(error("http://h:x/#f")).toMatchObject({
    message: 'parse "http://h:x/": invalid port ":x" after host',
    reason: 'invalid port ":x" after host',
  });
});

test("any text throws a GoUrlError, or parses to a URL whose formatted text parses to the same URL", () => {
  const pieces = [
    "http",
    ":",
    "/",
    "//",
    "[",
    "]",
    "@",
    "?",
    "#",
    "%",
    "%25",
    "%zz",
    "a",
    "é",
    ".",
    "..",
    "1",
    " ",
    "\\",
  ];
  let state = 1;
  const next = (): number => (state = (state * 48_271) % 2_147_483_647);
  for (let round = 0; round < 2_000; round += 1) {
    const text = Array.from({ length: next() % 9 }, () => pieces[next() % pieces.length]).join("");
    try {
      const printed = formatGoUrl(parseGoUrl(text));
      expect(formatGoUrl(parseGoUrl(printed))).toBe(printed);
    } catch (thrown) {
      if (!(thrown instanceof GoUrlError)) throw new Error(text, { cause: thrown });
    }
  }
});

test("toAscii converts only host names that IDNA allows", () => {
  expect(["bücher.example", "faß.example", "a_ü", "plain", ""].map(toAscii)).toEqual([
    "xn--bcher-kva.example",
    "fass.example",
    "a_ü",
    "plain",
    "",
  ]);
});

test("goQuote escapes unprintable characters as Go's %q does", () => {
  expect(goQuote('a"\\\n\t\u0001\u007fé\u00a0\u{1F600}\u{E0001}')).toBe(
    '"a\\"\\\\\\n\\t\\x01\\u007fé\\u00a0\u{1F600}\\U000e0001"',
  );
});
