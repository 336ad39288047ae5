import type * as Re2js from "re2js";

/**
 * A regular expression of RE2's syntax, which takes time bounded by pattern times text, whatever the pattern: a client's
 * `matches "(a+)+$"` cannot stop the agent.
 */
export interface Re2 {
  /** Whether the pattern matches anywhere in the text. */
  test(text: string): boolean;
  /** The first match, then the text of each group ("" for a group that took no part); undefined without a match. */
  match(text: string): readonly string[] | undefined;
}

/** Compiles a pattern. @returns for an invalid one, the error text of Go's regexp package, which Consul passes on */
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

/** Loads the RE2 library when the first pattern is compiled: it takes 7 MiB, and most agents never need it. */
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

/** Consul 1.8 is built with Go 1.14, which knows `(?P<name>` alone; the library takes `(?<name>` too, as Go does from 1.22 on. */
const perlGroupFault = "error parsing regexp: invalid or unsupported Perl syntax: `(?<`";

/** Whether a group of the pattern begins with `(?<`. @param pattern a valid pattern, in which each class is closed */
function hasPerlGroup(pattern: string): boolean {
  if (!pattern.includes("(?<")) return false;
  return [...pattern.matchAll(quotedClassOrGroup)].some(([found]) => found === "(?<");
}

const quotedClassOrGroup = /\\Q[^]*?(?:\\E|$)|\\[^]|\[\^?\]?(?:\[:\^?\w+:\]|\\[^]|[^\]\\])*\]|\(\?</g;
