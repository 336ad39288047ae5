import { join } from "node:path";

/** A question and its answer, with names in place of what differs between runs. */
export interface DnsExchange {
  /** The question, in the form that parseDnsQuestion reads. */
  readonly question: string;
  readonly rcode: string;
  /** The names of the flags that are set, separated by blanks. The opcode precedes the names unless it is QUERY. */
  readonly flags: string;
  /** The question section of the answer. */
  readonly asked: string;
  /** The records of the answer section, one line for each, sorted because Consul sends them in no fixed order. */
  readonly answers: readonly string[];
  readonly authority: readonly string[];
  readonly additional: readonly string[];
  /** The length of the answer, in octets. */
  readonly bytes: number;
}

export interface DnsRecording {
  readonly consul: string;
  readonly recorded: string;
  /** The questions and answers, by the name of their group. */
  readonly groups: Readonly<Record<string, readonly DnsExchange[]>>;
}

const answersFile = join(import.meta.dir, "answers.json");

export async function readDnsRecording(): Promise<DnsRecording> {
  const file = Bun.file(answersFile);
  if (!(await file.exists())) throw new Error(`${answersFile} is missing: write it with make record`);
  return file.json();
}

/** Writes the recording with one line for each answer, so that a changed answer is one changed line. */
export async function writeDnsRecording({ consul, recorded, groups }: DnsRecording): Promise<void> {
  const parts = Object.entries(groups).map(([name, exchanges]) => {
    const lines = exchanges.map((exchange) => `      ${JSON.stringify(exchange)}`);
    return `    ${JSON.stringify(name)}: [\n${lines.join(",\n")}\n    ]`;
  });
  const head = `  "consul": ${JSON.stringify(consul)},\n  "recorded": ${JSON.stringify(recorded)},\n`;
  await Bun.write(answersFile, `{\n${head}  "groups": {\n${parts.join(",\n")}\n  }\n}\n`);
}
