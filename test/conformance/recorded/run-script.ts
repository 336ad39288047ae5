import { exchange, type Answer } from "../../support/exchange.ts";
import type { Target } from "../../support/target.ts";
import { AnswerNames, bodyOf, shortened } from "./answer-names.ts";
import { plainText, type Exchange, type Json } from "./recording.ts";
import { requestOf, type Script, type ScriptRequest, type Step } from "./script.ts";

/**
 * The pause between a step's request and its step `meanwhile`, in milliseconds: long enough for the agent to hold the request.
 */
const headStartMs = 80;

/**
 * Sends a script to an agent that has just been started, and returns the exchanges.
 * @param secret the secret of the token that reads the agent's index between the requests; default: none is sent
 */
export async function runScript(script: Script, target: Target, secret?: string): Promise<readonly Exchange[]> {
  const names = new AnswerNames(target, JSON.stringify(script));
  const run = new Run({ target, names, secret });
  await run.noteIndex("at start");
  for (const step of script) await run.take(step);
  return run.exchanges;
}

async function newestIndex({ url }: Target, secret: string | undefined): Promise<bigint> {
  const headers = secret === undefined ? {} : { "X-Consul-Token": secret };
  const answer = await exchange(url, "GET", { path: "/v1/agent/self", headers });
  return BigInt((answer.json as { Stats: { raft: { last_log_index: string } } }).Stats.raft.last_log_index);
}

interface RunParts {
  readonly target: Target;
  readonly names: AnswerNames;
  readonly secret: string | undefined;
}

class Run {
  readonly exchanges: Exchange[] = [];
  readonly #target: Target;
  readonly #names: AnswerNames;
  readonly #secret: string | undefined;
  /** The values in the answers so far, by field, and by step name and field. */
  readonly #said = new Map<string, Json>();

  constructor({ target, names, secret }: RunParts) {
    this.#target = target;
    this.#names = names;
    this.#secret = secret;
  }

  async noteIndex(maker: string): Promise<void> {
    this.#names.noteIndex(await newestIndex(this.#target, this.#secret), maker);
  }

  async take(step: Step): Promise<void> {
    const request = requestOf(step);
    const answer = this.#send(request).catch((cause: unknown) => {
      throw new Error(`no answer to ${request.request} ${JSON.stringify(request.body)}`, { cause });
    });
    if (request.meanwhile !== undefined) {
      await Bun.sleep(headStartMs);
      await this.take(request.meanwhile);
    }
    await this.#keep(request, await answer);
  }

  #send({ request, body, headers = {} }: ScriptRequest): Promise<Answer> {
    const [method = "", path = ""] = this.#filledText(request).split(/ (.*)/s);
    const filledHeaders = Object.entries(headers).map(([name, value]) => [name, this.#filledText(value)]);
    return exchange(this.#target.url, method, {
      path,
      body: this.#filled(body),
      headers: Object.fromEntries(filledHeaders),
    });
  }

  async #keep({ request, body, headers, as }: ScriptRequest, answer: Answer): Promise<void> {
    const step = this.exchanges.length + 1;
    if (!/^(?:GET|HEAD|OPTIONS) /.test(request)) await this.noteIndex(String(step));
    this.#remember(Object.fromEntries(answer.headers), as);
    if (answer.header("Content-Type") === "application/json") this.#remember(JSON.parse(bodyOf(answer)), as);
    this.exchanges.push({
      request,
      ...(body !== undefined && { sent: shortened(Buffer.isBuffer(body) ? body.toString("latin1") : body) }),
      ...(headers !== undefined && { with: headers }),
      ...this.#names.apply(request, answer),
    });
  }

  /**
   * Remembers the values of an answer's fields for later steps. When the answer has several fields of a name, the first
   * counts.
   */
  #remember(value: unknown, name: string | undefined): void {
    for (const [field, said] of fieldsOf(value).toReversed()) {
      this.#said.set(field, said);
      if (name !== undefined) this.#said.set(`${name}.${field}`, said);
    }
  }

  #filled(value: unknown): unknown {
    if (typeof value === "string") {
      const [whole, name = ""] = placeholder.exec(value) ?? [];
      return whole === value ? this.#valueOf(name) : this.#filledText(value);
    }
    if (Array.isArray(value)) return value.map((each) => this.#filled(each));
    if (typeof value !== "object" || value === null || Buffer.isBuffer(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, this.#filled(each)]));
  }

  #filledText(text: string): string {
    return text.replace(new RegExp(placeholder, "g"), (_, name: string) => plainText(this.#valueOf(name)));
  }

  #valueOf(name: string): Json {
    const value = this.#said.get(name);
    if (value === undefined) throw new Error(`a step says {${name}}, but no answer before it has such a field`);
    return value;
  }
}

const placeholder = /\{((?:[a-z]+\.)?[A-Z][A-Za-z-]+)\}/;

/** Returns all fields of an answer that have plain values, in order. */
function fieldsOf(value: unknown): readonly (readonly [field: string, value: Json])[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([field, each]: [string, unknown]) =>
    typeof each === "object" ? fieldsOf(each) : [[field, each as Json] as const],
  );
}
