import { join } from "node:path";

/** A question and its answer, with names in place of what differs between runs. */
export interface DnsExchange {
  /** In the form of parseDnsQuestion. */
  readonly question: string;
  readonly rcode: string;
  /** The opcode precedes them if it is another than QUERY. */
  readonly flags: string;
  /** The question section of the answer. */
  readonly asked: string;
  /** One line for each record, sorted: Consul has no order. */
  readonly answers: readonly string[];
  readonly authority: readonly string[];
  readonly additional: readonly string[];
  /** The length of the message. */
  readonly bytes: number;
}

export interface DnsRecording {
  readonly consul: string;
  readonly recorded: string;
  /** By the name of a group. */
  readonly groups: Readonly<Record<string, readonly DnsExchange[]>>;
}

const answersFile = join(import.meta.dir, "answers.json");

export async function readDnsRecording(): Promise<DnsRecording> {
  const file = Bun.file(answersFile);
  if (!(await file.exists())) throw new Error(`${answersFile} is missing: write it with make record`);
  return file.json();
}

/** One line for each answer: a changed answer is a changed line. */
export async function writeDnsRecording({ consul, recorded, groups }: DnsRecording): Promise<void> {
  const parts = Object.entries(groups).map(([name, exchanges]) => {
    const lines = exchanges.map((exchange) => `      ${JSON.stringify(exchange)}`);
    return `    ${JSON.stringify(name)}: [\n${lines.join(",\n")}\n    ]`;
  });
  const head = `  "consul": ${JSON.stringify(consul)},\n  "recorded": ${JSON.stringify(recorded)},\n`;
  await Bun.write(answersFile, `{\n${head}  "groups": {\n${parts.join(",\n")}\n  }\n}\n`);
}
