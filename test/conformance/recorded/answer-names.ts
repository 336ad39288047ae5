import { gunzipSync } from "node:zlib";
import type { Answer } from "../../support/exchange.ts";
import type { Target } from "../../support/target.ts";
import { plainText, type Exchange, type Json } from "./recording.ts";
import { hasVarying, isVarying, orderOf } from "./varying.ts";

/** Headers of the connection, or the length of the compared part. */
const passedOver = /^(?:Date|Connection|Keep-Alive|Content-Length|Transfer-Encoding|Content-Encoding)$/i;

const indexFields = ["CreateIndex", "ModifyIndex", "X-Consul-Index"];
const hashFields = ["ContentHash", "X-Consul-Contenthash"];
const portNames = ["http", "serf", "serf-wan", "server"];
const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/**
 * Replaces values that differ between runs by names, such that equal values stay equal:
 *
 * - ids and hashes are numbered in order of appearance: `<id 1>`;
 * - an index is named after the request that made it: `<index 12>`, or `<index at start>`. So every promise about
 *   indexes can be compared: which are equal, which rise, which fall;
 * - the agent's own ports and folder have fixed names.
 */
export class AnswerNames {
  readonly #given: string;
  readonly #own: ReadonlyMap<string, string>;
  readonly #dataDir: string;
  readonly #ids = new Map<string, string>();
  readonly #hashes = new Map<string, string>();
  /** The requests that moved the index, by their newest index, in order. */
  readonly #indexes: [newest: bigint, maker: string][] = [];

  /** @param given the script, whose own ids are kept */
  constructor({ ports, dataDir }: Target, given: string) {
    this.#given = given;
    this.#dataDir = dataDir;
    this.#own = new Map(ports.map((port, at) => [String(port), `<${portNames[at]} port>`]));
  }

  noteIndex(newest: bigint, maker: string): void {
    this.#indexes.push([newest, maker]);
  }

  apply(request: string, answer: Answer): Omit<Exchange, "request" | "sent" | "with"> {
    const text = bodyOf(answer);
    const isJson = answer.header("Content-Type") === "application/json";
    const isArchive = answer.header("Content-Type") === "application/x-gzip";
    const body = orderOf(request)(isJson ? (JSON.parse(text) as Json) : isArchive ? "<archive>" : text);
    const headers = Object.fromEntries(answer.headers.filter(([name]) => !passedOver.test(name)).toSorted(byName));
    return {
      status: answer.status,
      headers: this.#named(headers, request) as Exchange["headers"],
      body: shortened(this.#named(body, request)),
      ...(isJson && !hasVarying(request) && layoutOf(text)),
    };
  }

  #named(value: Json, request: string, field = ""): Json {
    if (isVarying(request, field)) return "<varies>";
    if (Array.isArray(value)) return value.map((each: Json) => this.#named(each, request, field));
    if (typeof value === "object" && value !== null) {
      const pairs = Object.entries(value).map(([name, each]) => [this.#text(name), this.#named(each, request, name)]);
      return Object.fromEntries(pairs) as Json;
    }
    if (hashFields.includes(field) || (indexFields.includes(field) && isEventList(request))) return this.#hash(value);
    // 0 is the index of no row.
    if (indexFields.includes(field) && value !== 0 && value !== "0") return this.#index(plainText(value));
    if (typeof value === "number") return this.#own.get(String(value)) ?? value;
    return typeof value === "string" ? this.#text(value) : value;
  }

  #index(text: string): string {
    const [, maker = "to come"] = this.#indexes.find(([newest]) => newest >= BigInt(text)) ?? [];
    return `<index ${maker}>`;
  }

  #hash(value: Json): string {
    return numbered(this.#hashes, plainText(value), "hash");
  }

  #text(text: string): string {
    return (this.#own.get(text) ?? text)
      .replace(/(?<=127\.0\.0\.1:)\d+/g, (port) => this.#own.get(port) ?? port)
      .replaceAll(this.#dataDir, "<data dir>")
      .replace(uuid, (id) => (this.#given.includes(id) ? id : numbered(this.#ids, id, "id")))
      .replace(/(?<=\bindex |index \d+ != )\d+/g, (index) => this.#index(index));
  }
}

/** Consul derives the index of a list of events from the newest event's id. */
function isEventList(request: string): boolean {
  return request.includes("/v1/event/list");
}

type Pair = readonly [name: string, value: string];

function byName([one]: Pair, [other]: Pair): number {
  return one < other ? -1 : 1;
}

function numbered(names: Map<string, string>, value: string, kind: string): string {
  const name = names.get(value) ?? `<${kind} ${names.size + 1}>`;
  names.set(value, name);
  return name;
}

export function bodyOf(answer: Answer): string {
  return answer.header("Content-Encoding") === "gzip" ? gunzipSync(answer.bytes).toString() : answer.text;
}

function layoutOf(text: string): Pick<Exchange, "layout"> {
  const value: unknown = JSON.parse(text);
  if (text === escaped(JSON.stringify(value))) return {};
  return { layout: text === `${escaped(JSON.stringify(value, undefined, 4))}\n` ? "pretty" : "other" };
}

/** JSON in Go's form. */
function escaped(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

const textMax = 400;

/** Cuts out the middle of a long text and states its length. */
export function shortened(value: unknown): Json {
  if (typeof value === "string")
    return value.length <= textMax
      ? value
      : `${value.slice(0, 40)}... (${value.length} characters, ${Bun.hash(value)})`;
  if (Array.isArray(value)) return value.map(shortened);
  if (typeof value !== "object" || value === null) return value as Json;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, shortened(each)]));
}
