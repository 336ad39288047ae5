/** A command of a document's console block, and its output. */
export interface ShownCommand {
  readonly command: string;
  readonly output: readonly string[];
}

/** One step of the tour in a document: its name, and the commands of its console block. */
export interface TourStep {
  readonly name: string;
  readonly commands: readonly ShownCommand[];
}

/**
 * Returns the steps of the tour in a document. A step is a comment, `<!-- tour: NAME -->`, and the console block that follows the
 * comment, if any. In a block, "$ " begins a command and "> " continues the command; every other line is output.
 */
export function tourSteps(markdown: string): readonly TourStep[] {
  const form = /^<!-- tour: (\w+) -->\n(?:\n```console\n([\s\S]*?)^```$)?/gm;
  return [...markdown.matchAll(form)].map(([, name = "", block = ""]) => ({ name, commands: shownCommands(block) }));
}

/** Returns the commands of all console blocks of a document with their outputs, in order. */
export function shownIn(markdown: string): readonly ShownCommand[] {
  const blocks = markdown.matchAll(/^```console\n([\s\S]*?)^```$/gm);
  return [...blocks].flatMap(([, block = ""]) => shownCommands(block));
}

function shownCommands(block: string): ShownCommand[] {
  const shown: { command: string; output: string[] }[] = [];
  for (const line of block.split("\n").slice(0, -1)) {
    const last = shown.at(-1);
    if (line.startsWith("$ ")) shown.push({ command: line.slice(2), output: [] });
    else if (last === undefined) throw new Error(`a console block begins with a command, not with ${line}`);
    else if (line.startsWith("> ")) last.command += `\n${line.slice(2)}`;
    else last.output.push(line);
  }
  return shown;
}

/** Replaces indexes and process ids, which differ between runs, by placeholders. */
function masked(text: string): string {
  return text.replace(/Index": \d+/g, 'Index": N').replace(/\(process \d+\)/g, "(process N)");
}

/** Returns a function that tells whether an output matches `lines`. A line "..." matches any number of lines. */
export function expectedOutput(lines: readonly string[]): (actual: string) => boolean {
  const parts = lines.map((line) => (line === "..." ? "(?:.*\n)*?" : `${escapeRegExp(masked(line))}\n`));
  const form = new RegExp(`^${parts.join("")}$`);
  return (actual) => form.test(actual === "" ? "" : `${masked(actual).trimEnd()}\n`);
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
