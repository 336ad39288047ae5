import { RawConnection } from "../raw-connection.ts";

export interface Reply {
  readonly status: number;
  readonly text: string;
  /** The number in the header X-Consul-Index; 0 when the header is missing. */
  readonly index: number;
}

/** The record of all clients of a run: latencies, failures and acknowledged values. */
export class Notes {
  readonly latenciesMs: number[] = [];
  readonly counts: Record<string, number> = {};
  readonly failures: string[] = [];
  /** The last acknowledged value of each key, the port of each service and the status of each check. */
  readonly acknowledged: Record<string, string> = {};

  fail(what: string): void {
    this.failures.push(what);
  }

  count(kind: string): void {
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
  }
}

const answerWithinMs = 20_000;

/** One keep-alive connection, with one request at a time. */
export class LoadClient implements AsyncDisposable {
  readonly name: string;
  readonly notes: Notes;
  readonly #connection: RawConnection;

  static async open(name: string, url: string, notes: Notes): Promise<LoadClient> {
    return new LoadClient(name, await RawConnection.open(url), notes);
  }

  private constructor(name: string, connection: RawConnection, notes: Notes) {
    this.name = name;
    this.#connection = connection;
    this.notes = notes;
  }

  /** Sends one request, and records its latency unless it is a blocking query. */
  async ask(method: string, target: string, body: string = ""): Promise<Reply> {
    const startMs = performance.now();
    const length = `Content-Length: ${Buffer.byteLength(body)}\r\n`;
    this.#connection.send(`${method} ${target} HTTP/1.1\r\nHost: agent\r\n${length}\r\n${body}`);
    const answer = await this.#connection.next(answerWithinMs);
    if (!target.includes("index=")) this.notes.latenciesMs.push(performance.now() - startMs);
    const index = answer.headerLines.find((line) => line.startsWith("X-Consul-Index: "))?.slice(16);
    return { status: answer.status, text: answer.body.toString(), index: Number(index ?? 0) };
  }

  /** Sends one request as `ask` does, and records any status other than 200 as a failure. */
  async mustAsk(method: string, target: string, body: string = ""): Promise<Reply> {
    const reply = await this.ask(method, target, body);
    if (reply.status !== 200) this.notes.fail(`${method} ${target}: ${reply.status} ${reply.text}`);
    return reply;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#connection[Symbol.asyncDispose]();
  }
}
