import { type CommandIo, mayColour } from "../command.ts";

/** A text and the name that a difference gives it: "base, index 7". */
export interface NamedText {
  readonly name: string;
  readonly text: string;
}

const colours: Readonly<Record<string, string>> = { "+": "\u001b[32m", "-": "\u001b[31m", "@": "\u001b[36m" };

/** Returns the difference of two texts as a unified diff, in colours on a terminal; "" if they are equal. */
export async function diffText(
  from: NamedText,
  to: NamedText,
  io: Pick<CommandIo, "isTerminal" | "env">,
): Promise<string> {
  if (from.text === to.text) return "";
  // Loads this module only here, since most commands do not need it.
  const { createTwoFilesPatch } = await import("diff");
  const patch = createTwoFilesPatch(from.name, to.name, from.text, to.text).replace(/^=+\n/, "");
  return patch
    .split("\n")
    .map((line) => coloured(shown(line), io))
    .join("\n");
}

/** A terminal would interpret control characters of a value. */
function shown(line: string): string {
  // oxlint-disable-next-line no-control-regex -- the characters to replace
  return line.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "\u00b7");
}

function coloured(line: string, io: Pick<CommandIo, "isTerminal" | "env">): string {
  const colour = colours[line.slice(0, 1)];
  return colour === undefined || !mayColour(io) ? line : `${colour}${line}\u001b[0m`;
}
