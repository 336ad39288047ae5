import type { SourceFile } from "./source-file.ts";

/** Matches a comment, or a string, template or regular expression that could look like a comment. */
const token = new RegExp(
  [
    /\/\*[\s\S]*?\*\//,
    /\/\/[^\n]*/,
    /"(?:[^"\\\n]|\\.)*"/,
    /'(?:[^'\\\n]|\\.)*'/,
    /`(?:[^`\\$]|\\[\s\S]|\$(?!\{)|\$\{(?:[^{}`]|`[^`]*`|\{[^{}]*\})*\})*`/,
    /\/(?![*/\s])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\//,
  ]
    .map((each) => each.source)
    .join("|"),
  "g",
);

/** Matches the end of the code before a test's name: `test(`, `describe.skipIf(...)(`, and `])(` after a table of cases. */
const beforeName = /(?:\b(?:test|it|describe)(?:\.\w+)*(?:\([^()]*\))?|[\])]\))\(\s*$/;

/**
 * Blanks out everything in a file that is not prose and keeps the line breaks. The prose of a program is its comments and
 * test names, that of a document everything outside code and double quotes.
 */
export function proseOf({ path, text }: SourceFile): string {
  if (path.endsWith(".md")) return text.replace(/^ *```[\s\S]*?^ *```|``.*?``|`[^`]*`|"[^"\n]*"/gm, blank);
  let prose = "";
  let end = 0;
  for (const { 0: found, index } of text.matchAll(token)) {
    prose += blank(text.slice(end, index));
    prose += /^\/[/*]/.test(found)
      ? undecorated(found)
      : nameOrBlank(found, text.slice(Math.max(0, index - 200), index));
    end = index + found.length;
  }
  return prose + blank(text.slice(end));
}

function nameOrBlank(literal: string, before: string): string {
  return /^["'`]/.test(literal) && beforeName.test(before) ? ` ${literal.slice(1, -1)} ` : blank(literal);
}

/** Replaces the marks of a comment by blanks, and quoted code and texts in it too. */
function undecorated(comment: string): string {
  return comment
    .replace(/^\/\*+|\*+\/$|^\/\/|^[ \t]*\*/gm, blank)
    .replace(/`[^`\n]*`|"[^"\n]*"/g, (quoted) => `"${blank(quoted.slice(2))}"`);
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, " ");
}

/** Returns the lines of a program with its comments blanked out and its strings empty, so that rules see only code. */
export function codeLinesOf({ text }: SourceFile): readonly string[] {
  return text
    .replace(token, (found) => (/^\/[/*]/.test(found) ? blank(found) : /^["']/.test(found) ? '""' : found))
    .split("\n");
}
