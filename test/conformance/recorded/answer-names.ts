import { gunzipSync } from "node:zlib";
import type { Answer } from "../../support/exchange.ts";
import type { Target } from "../../support/target.ts";
import { plainText, type Exchange, type Json } from "./recording.ts";
import { hasVarying, isVarying, orderOf } from "./varying.ts";

/** The headers that are not compared: they belong to the connection, or follow from the length or encoding of the body. */
const passedOver = /^(?:Date|Connection|Keep-Alive|Content-Length|Transfer-Encoding|Content-Encoding)$/i;

const indexFields = ["CreateIndex", "ModifyIndex", "X-Consul-Index"];
const hashFields = ["ContentHash", "X-Consul-Contenthash"];
const timeFields = ["CreateTime", "ExpirationTime"];
/** The fields whose ids are part of the object's `Hash`, so that the hash differs between runs. */
const linkFields = ["Policies", "Roles"];
const portNames = ["http", "serf", "serf-wan", "server"];
/** The time of Go that stands for none. */
const zeroTime = "0001-01-01T00:00:00Z";
const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/**
 * Replaces values that differ between runs by names, such that equal values stay equal:
 *
 * - ids and hashes are numbered in order of appearance: `<id 1>`;
 * - an index is named after the request that made it: `<index 12>`, or `<index at start>`. The names still show which
 *   indexes are equal, which rise and which fall;
 * - the agent's own ports and folder have fixed names.
 */
export class AnswerNames {
  readonly #given: string;
  readonly #own: ReadonlyMap<string, string>;
  readonly #dataDir: string;
  readonly #ids = new Map<string, string>();
  readonly #hashes = new Map<string, string>();
  /** The newest index after each write, with the name of the request that wrote, in order. */
  readonly #indexes: [newest: bigint, maker: string][] = [];

  /** @param given the script; an id that occurs in it stays as it is */
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
    // Consul's recorded lists have no secrets, which must not shift the numbers of the other ids.
    if (field === "SecretID" && request.includes("/v1/acl/tokens")) return "<secret>";
    if (Array.isArray(value)) return value.map((each: Json) => this.#named(each, request, field));
    if (typeof value === "object" && value !== null) {
      const hasLinks = linkFields.some((name) => name in value);
      const pairs = Object.entries(value).map(([name, each]) => [
        this.#text(name),
        name === "Hash" && (hasLinks || this.#hashes.has(plainText(each)))
          ? this.#hash(each)
          : this.#named(each, request, name),
      ]);
      return Object.fromEntries(pairs) as Json;
    }
    if (hashFields.includes(field) || (indexFields.includes(field) && isEventList(request))) return this.#hash(value);
    // No row has the index 0, so 0 stays as it is.
    if (indexFields.includes(field) && value !== 0 && value !== "0") return this.#index(plainText(value));
    if (timeFields.includes(field) && value !== zeroTime) return "<time>";
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
      .replace(/(?<=\bindex:? |index \d+ != )\d+/g, (index) => this.#index(index));
  }
}

/**
 * Returns whether the request reads the list of events. Consul derives that list's index from the newest event's id, so
 * the index is named like a hash.
 */
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

/** Escapes the characters in JSON that Go's encoder escapes. */
function escaped(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

const textMax = 400;

/** Replaces each text of more than 400 characters in the value by its beginning, its length and its hash. */
export function shortened(value: unknown): Json {
  if (typeof value === "string")
    return value.length <= textMax
      ? value
      : `${value.slice(0, 40)}... (${value.length} characters, ${Bun.hash(value)})`;
  if (Array.isArray(value)) return value.map(shortened);
  if (typeof value !== "object" || value === null) return value as Json;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, shortened(each)]));
}
