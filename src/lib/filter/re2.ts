import type * as Re2js from "re2js";

/**
 * A regular expression in RE2's syntax. The time of a match is at most proportional to the length of the pattern times that of
 * the text, so a client's `matches "(a+)+$"` cannot stop the agent.
 */
export interface Re2 {
  /** Returns whether the pattern matches any part of the text. */
  test(text: string): boolean;
  /** Returns the first match and the text of each group ("" for a group that took no part); undefined without a match. */
  match(text: string): readonly string[] | undefined;
}

/** Compiles a pattern. For an invalid one it returns the error text of Go's regexp package, which Consul passes on. */
export function compileRe2(pattern: string): Re2 | { readonly fault: string } {
  const library = loadLibrary();
  try {
    const compiled = library.RE2JS.compile(pattern);
    if (hasPerlGroup(pattern)) return { fault: perlGroupFault };
    return { test: (text) => compiled.test(text), match: (text) => groupsOf(compiled, text) };
  } catch (thrown) {
    if (!(thrown instanceof library.RE2JSSyntaxException)) throw thrown;
    return { fault: faultOf(thrown.message) };
  }
}

let loaded: typeof Re2js | undefined;

/** Loads the RE2 library when the first pattern is compiled, since it takes 7 MiB of memory and most agents never need it. */
function loadLibrary(): typeof Re2js {
  // oxlint-disable-next-line typescript/no-unsafe-assignment -- `require`, unlike `import`, waits for the first call
  const library: typeof Re2js = (loaded ??= require("re2js"));
  return library;
}

/** Translates the library's message to Go's, which quotes an empty text when a pattern ends in a backslash. */
function faultOf(message: string): string {
  if (message.includes("`(?<")) return perlGroupFault;
  return message.endsWith("trailing backslash at end of expression") ? `${message}: \`\`` : message;
}

function groupsOf(compiled: Re2js.RE2JS, text: string): readonly string[] | undefined {
  const matcher = compiled.matcher(text);
  if (!matcher.find()) return undefined;
  return Array.from({ length: matcher.groupCount() + 1 }, (_, group) => matcher.group(group) ?? "");
}

/** Go 1.14's error for `(?<name>`, which Consul 1.8 answers. The library accepts `(?<name>`, as Go does from 1.22 on. */
const perlGroupFault = "error parsing regexp: invalid or unsupported Perl syntax: `(?<`";

/** Returns whether a group of the pattern begins with `(?<`. @param pattern a valid pattern, in which each class is closed */
function hasPerlGroup(pattern: string): boolean {
  if (!pattern.includes("(?<")) return false;
  return [...pattern.matchAll(quotedClassOrGroup)].some(([found]) => found === "(?<");
}

const quotedClassOrGroup = /\\Q[^]*?(?:\\E|$)|\\[^]|\[\^?\]?(?:\[:\^?\w+:\]|\\[^]|[^\]\\])*\]|\(\?</g;
