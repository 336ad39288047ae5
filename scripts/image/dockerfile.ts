export interface Instruction {
  readonly keyword: string;
  /** The text after the instruction's keyword, with continued lines joined. */
  readonly text: string;
}

/** Returns the instructions of a Dockerfile, in order, without comments and line breaks. */
export function parseDockerfile(text: string): readonly Instruction[] {
  return text
    .replace(/^\s*#.*\n/gm, "")
    .replace(/\\\n/g, " ")
    .split("\n")
    .map((line) => /^\s*([A-Z]+)\s+(.*\S)\s*$/.exec(line))
    .flatMap((match) => (match === null ? [] : [{ keyword: match[1] ?? "", text: match[2] ?? "" }]));
}

/** Returns the instructions after the last FROM: those of the shipped image. */
export function finalStage(instructions: readonly Instruction[]): readonly Instruction[] {
  return instructions.slice(instructions.findLastIndex(({ keyword }) => keyword === "FROM"));
}

/** Returns the items of an instruction in its list form, such as `CMD ["a", "b"]`; other words may precede the list. */
export function wordsOf(stage: readonly Instruction[], keyword: string): readonly string[] {
  const list = /\[.*\]$/.exec(textOf(stage, keyword))?.[0];
  if (list === undefined) throw new Error(`${keyword} has no list of words: a shell would run it`);
  return JSON.parse(list) as string[];
}

export function textOf(stage: readonly Instruction[], keyword: string): string {
  const found = stage.findLast((instruction) => instruction.keyword === keyword);
  if (found === undefined) throw new Error(`the Dockerfile has no ${keyword}`);
  return found.text;
}

/** Returns the labels of a stage, whose values are words in double quotes. */
export function labelsOf(stage: readonly Instruction[]): Readonly<Record<string, string>> {
  const pairs = textOf(stage, "LABEL").matchAll(/([\w.]+)="([^"]*)"/g);
  return Object.fromEntries([...pairs].map(([, name, value]) => [name, value]));
}

/** Returns the options of an instruction, such as `--retries=3`, by their names. */
export function optionsOf(stage: readonly Instruction[], keyword: string): Readonly<Record<string, string>> {
  const options = textOf(stage, keyword).matchAll(/--([a-z-]+)=(\S+)/g);
  return Object.fromEntries([...options].map(([, name, value]) => [name, value]));
}
