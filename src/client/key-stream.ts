import { type Clock, sleep } from "../lib/clock.ts";
import { asWatchError } from "./failed-call.ts";
import { Backoff } from "./backoff.ts";
import { connect, type ConnectionOptions } from "./connection.ts";
import type { HttpRequest } from "./http.ts";
import { fieldsOf } from "./json-object.ts";
import { decodeBase64, encodedKey } from "./key-value.ts";
import type { OperatingError } from "../lib/errors.ts";

/** A change of a key, as a stream of changes tells it. */
export interface StreamedChange {
  readonly key: string;
  readonly operation: "set" | "delete" | "lock";
  /** The value after the change; undefined if the key was deleted, or is a lock now. */
  readonly value: Uint8Array | undefined;
  /** The index of the value before; 0 if there was none. */
  readonly previousIndex: number;
}

/** The changes of one index; or "compacted": some changes are no longer kept, and all keys have to be read anew. */
export interface StreamedChanges {
  /** The index of the changes. A stream that begins after it goes on with the next ones. */
  readonly index: number;
  readonly changes: readonly StreamedChange[] | "compacted";
}

interface StreamSettings {
  /** The index after which the stream begins; by default it begins with what comes. */
  readonly after?: number | undefined;
  /** Called each time the agent does not answer. The stream goes on when it answers again. */
  readonly onFailure?: ((error: OperatingError) => void) | undefined;
}

/** Options of a stream of changes, beside the connection. */
export interface KeyChangesOptions extends ConnectionOptions, StreamSettings {
  /** The beginning of the keys: "edgex/core/1.0/my-service/"; "" for all keys. */
  readonly prefix: string;
  /** Ends the stream when it aborts, also while it waits. Without it a loop ends the stream by `break`. */
  readonly signal?: AbortSignal;
}

/**
 * Yields the changes of the keys with a prefix, index by index, with none missed or doubled, until the signal aborts or the loop
 * ends. When the connection is lost or silent it connects again, after pauses of one to ten seconds, and resumes where it was.
 * The agent must be Praetor.
 * @throws OperatingError invalid if the options have no valid address; while iterating, if the first attempt fails
 */
export function streamKeyChanges(options: KeyChangesOptions): AsyncGenerator<StreamedChanges, void, undefined> {
  const { prefix, after, onFailure, signal = new AbortController().signal } = options;
  const incomplete = "unable to stream changes: registry host and/or port not set";
  const http = connect(options, { incomplete, kind: "registry" });
  return streamKeys(http, prefix, { after, onFailure, signal, clock: http.clock });
}

/** The part of a client that a stream uses. */
interface StreamingHttp {
  stream(request: HttpRequest): Promise<Response>;
  parts(response: Response, timeout: Pick<HttpRequest, "timeoutMs">): AsyncIterable<Uint8Array>;
}

interface KeyStreamOptions extends StreamSettings {
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** The agent sends something every 25 s, so a connection that is silent for longer is dead. */
const silenceMsMax = 60_000;

/** Does the same as streamKeyChanges with a client. */
export async function* streamKeys(
  http: StreamingHttp,
  prefix: string,
  { after, signal, clock, onFailure }: KeyStreamOptions,
): AsyncGenerator<StreamedChanges, void, undefined> {
  const path = `/v1/praetor/changes/${encodedKey(prefix)}`;
  const backoff = new Backoff();
  let seen = after;
  let hasBegun = false;
  while (!signal.aborted) {
    try {
      const response = await http.stream({ path, query: seen === undefined ? {} : { since: String(seen) }, signal });
      hasBegun = true;
      for await (const { index, event } of blocksOf(http.parts(response, { timeoutMs: silenceMsMax }))) {
        if (signal.aborted) return;
        seen = index;
        if (event === undefined) continue;
        backoff.reset();
        yield event;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!hasBegun) throw error;
      onFailure?.(asWatchError(error));
    }
    if (!signal.aborted) await sleep(clock, backoff.next(), signal);
  }
}

/** A block of a body of server-sent events that has an id: an event, or only the index at which the stream is. */
interface Block {
  readonly index: number;
  readonly event: StreamedChanges | undefined;
}

/** Yields the blocks of a body of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
async function* blocksOf(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Block> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const part of parts) {
    const blocks = (text + decoder.decode(part, { stream: true })).split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const fields = fieldsIn(block);
      const id = fields.get("id");
      if (id !== undefined) yield { index: Number(id), event: eventOf(fields) };
    }
  }
}

function fieldsIn(block: string): ReadonlyMap<string, string> {
  return new Map(
    block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
  );
}

function eventOf(fields: ReadonlyMap<string, string>): StreamedChanges | undefined {
  const kind = fields.get("event");
  if (kind !== "changes" && kind !== "compacted") return undefined;
  const { Index: index, Changes: changes } = fieldsOf(JSON.parse(fields.get("data") ?? "{}"));
  if (kind === "compacted") return { index: Number(index), changes: "compacted" };
  return { index: Number(index), changes: Array.isArray(changes) ? changes.map(changeOf) : [] };
}

function changeOf(json: unknown): StreamedChange {
  const { Key: key, Operation: operation, Value: value, PreviousIndex: previousIndex } = fieldsOf(json);
  return {
    key: String(key),
    operation: operation === "delete" || operation === "lock" ? operation : "set",
    // An empty value is null.
    value: value === undefined ? undefined : decodeBase64(typeof value === "string" ? value : ""),
    previousIndex: Number(previousIndex),
  };
}
