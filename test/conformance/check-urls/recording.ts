import { join } from "node:path";

/** An HTTP check whose requests are compared with Consul's. PORT in a text stands for the port of the recording server. */
export interface CheckUrl {
  readonly url: string;
  /** The method of the check's request; "" means GET. */
  readonly method?: string;
  readonly header?: Readonly<Record<string, readonly string[]>>;
  /** The URL to which the server's first answer redirects the check, with `status`, by default 302. */
  readonly location?: string;
  readonly status?: number;
}

/** The parts of a request that depend on the check's URL. Each character is an octet. */
export interface SentRequest {
  readonly line: string;
  readonly host: readonly string[];
  readonly authorization?: string;
  readonly referer?: string;
}

/** The result of a check's first run. */
export interface CheckRecord extends CheckUrl {
  readonly requests: readonly SentRequest[];
  readonly output: string;
}

/** The output of TCP and gRPC checks of an address. */
export interface AddressRecord {
  readonly address: string;
  readonly tcp: string;
  readonly grpc: string;
}

export interface Recording {
  readonly checks: readonly CheckRecord[];
  readonly addresses: readonly AddressRecord[];
}

/** The file of the recording: Consul's version on the first line, then one check or address on each line. */
const file = join(import.meta.dir, "recording.jsonl");

export async function readRecording(): Promise<Recording> {
  const [, ...lines] = (await Bun.file(file).text()).trimEnd().split("\n");
  const records = lines.map((line): CheckRecord | AddressRecord => JSON.parse(line));
  return {
    checks: records.filter((record) => "url" in record),
    addresses: records.filter((record) => "address" in record),
  };
}

export async function writeRecording(consul: string, { checks, addresses }: Recording): Promise<void> {
  const recorded = new Date().toISOString().slice(0, 10);
  const lines = [{ consul, recorded }, ...checks, ...addresses].map((each) => `${JSON.stringify(each)}\n`);
  await Bun.write(file, lines.join(""));
}

/** Returns the requests with PORT in place of the port's number. */
export function masked(requests: readonly SentRequest[], port: number): SentRequest[] {
  return JSON.parse(JSON.stringify(requests).replaceAll(String(port), "PORT"));
}

/**
 * Returns the output with PORT in place of the port's number, and without the reason of a failed lookup, which depends
 * on the machine's resolver.
 */
export function maskedOutput(output: string, port: number): string {
  return output.replaceAll(String(port), "PORT").replace(/(dial tcp: lookup .*?)(?: on [^ ]+:53)?: [^:]+$/s, "$1: ...");
}
