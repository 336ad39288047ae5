import { messageOf, OperatingError } from "../../lib/errors.ts";
import { type PipeValue, templateFunctions } from "./functions.ts";
import type { Addresses } from "./select.ts";

/**
 * Fills in the go-sockaddr templates of an address:
 *
 *     {{ GetPrivateIP }}
 *     {{ GetInterfaceIP "eth0" }}
 *     {{ GetAllInterfaces | include "name" "eth.*" | sort "-size" | attr "address" }}
 *
 * Text outside the braces stays. A pipe hands addresses on; `attr` and `join` make text of them.
 * @throws OperatingError invalid
 */
export function expandTemplate(template: string, addresses: Addresses): string {
  try {
    return expand(template, addresses);
  } catch (error) {
    const message = `error parsing ${JSON.stringify(template)}: ${messageOf(error)}`;
    throw new OperatingError("invalid", "invalid-address-template", message, { cause: error });
  }
}

/** A brace that is never closed is text, and so is all behind it: the rest is looked through once, not from each brace. */
function expand(template: string, addresses: Addresses): string {
  let [text, at] = ["", 0];
  for (;;) {
    const open = template.indexOf("{{", at);
    const close = open < 0 ? -1 : template.indexOf("}}", open + 2);
    if (close < 0) return text + template.slice(at);
    text += template.slice(at, open) + evaluate(template.slice(open + 2, close), addresses);
    at = close + 2;
  }
}

function evaluate(pipeline: string, all: Addresses): string {
  let piped: PipeValue | undefined;
  for (const command of parsePipeline(pipeline)) piped = call(command, { piped, all });
  if (typeof piped === "string") return piped;
  throw new Error('addresses must be made text: end the template with | attr "address" or | join "address" " "');
}

interface Command {
  readonly name: string;
  readonly words: readonly string[];
}

function call(command: Command, { piped, all }: { piped: PipeValue | undefined; all: Addresses }): PipeValue {
  const { name, words } = command;
  const known = templateFunctions.get(name);
  if (known === undefined) throw new Error(`function ${JSON.stringify(name)} not defined`);
  if (words.length !== known.words)
    throw new Error(`wrong number of args for ${name}: want ${known.words} got ${words.length}`);
  if (!known.piped && piped !== undefined) throw new Error(`${name} begins a pipe and takes nothing from one`);
  if (!known.piped) return known.call(words, all);
  if (piped === undefined || typeof piped === "string") throw new Error(`${name} needs addresses piped into it`);
  return known.call(words, piped);
}

const token = /\s*(?:(\|)|"((?:[^"\\]|\\.)*)"|`([^`]*)`|([\w.+-]+))\s*/y;

/** Words and quoted texts, divided by pipes. */
function parsePipeline(pipeline: string): readonly Command[] {
  const commands: string[][] = [[]];
  token.lastIndex = 0;
  while (token.lastIndex < pipeline.length) {
    const at = token.lastIndex;
    const [matched, pipe, quoted, raw, word] = token.exec(pipeline) ?? [];
    if (matched === undefined) {
      if (pipeline.slice(at).trim() === "") break;
      throw new Error(`unexpected ${JSON.stringify(pipeline.slice(at).trim())}`);
    }
    if (pipe !== undefined) commands.push([]);
    else commands.at(-1)?.push(quoted?.replace(/\\(.)/g, "$1") ?? raw ?? word ?? "");
  }
  return commands.map(([name, ...words]) => {
    if (name === undefined) throw new Error("missing value for command");
    return { name, words };
  });
}
