import { join } from "node:path";

/** A set of policies, and the accesses that a token with them has. */
export interface GrantRecord {
  readonly policies: readonly string[];
  readonly serviceIdentities?: readonly string[];
  readonly nodeIdentities?: readonly string[];
  /** The default where no rule decides; "deny" if it is left out. */
  readonly otherwise?: "allow";
  /** Questions as "key write-prefix a/b": resource, access and, if there is one, the name. */
  readonly asked: readonly string[];
  /** The questions that Consul answers with yes. */
  readonly allowed: readonly string[];
}

/** The text of a policy; Consul's refusal, "" if it accepts the text. */
export interface RefusalRecord {
  readonly rules: string;
  readonly refusal: string;
}

/** Old rules, and the new rules or the error that Consul answers. */
export interface TranslationRecord {
  readonly rules: string;
  readonly status: number;
  readonly answer: string;
}

/** A policy, role or token as Consul returns it, without what its hash does not count. */
export interface HashRecord {
  readonly kind: "policy" | "role" | "token";
  readonly object: Readonly<Record<string, unknown>> & { readonly Hash: string };
}

/** A line of recording.jsonl has one of these. */
interface Line {
  readonly consul?: string;
  readonly refusal?: RefusalRecord;
  readonly grant?: GrantRecord;
  readonly translation?: TranslationRecord;
  readonly hash?: HashRecord;
}

export interface Recording {
  /** The version of the Consul that answered. */
  readonly consul: string;
  readonly refusals: readonly RefusalRecord[];
  readonly grants: readonly GrantRecord[];
  readonly translations: readonly TranslationRecord[];
  readonly hashes: readonly HashRecord[];
}

const path = join(import.meta.dir, "recording.jsonl");

export async function readRecording(): Promise<Recording> {
  const text = await Bun.file(path).text();
  const lines = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
  return {
    consul: lines[0]?.consul ?? "",
    refusals: lines.flatMap(({ refusal }) => refusal ?? []),
    grants: lines.flatMap(({ grant }) => grant ?? []),
    translations: lines.flatMap(({ translation }) => translation ?? []),
    hashes: lines.flatMap(({ hash }) => hash ?? []),
  };
}

export async function writeRecording(recording: Recording): Promise<void> {
  const lines: readonly Line[] = [
    { consul: recording.consul },
    ...recording.refusals.map((refusal) => ({ refusal })),
    ...recording.grants.map((grant) => ({ grant })),
    ...recording.translations.map((translation) => ({ translation })),
    ...recording.hashes.map((hash) => ({ hash })),
  ];
  await Bun.write(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}
