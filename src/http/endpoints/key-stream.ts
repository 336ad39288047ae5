import type { Clock, Timer } from "../../lib/clock.ts";
import type { KeyStreamEvent, KeyStreams } from "../../registry/key-streams.ts";
import { whenFresh } from "../../registry/when-fresh.ts";
import { renderGoJson } from "../../wire/go-json.ts";
import { encodeKvChangeSet } from "../../wire/kv-history.ts";
import { demand } from "../demand.ts";
import { HttpError } from "../http-error.ts";
import type { HttpRequest } from "../http-request.ts";
import { parseCount } from "../parameters.ts";
import type { DatacenterEndpoint } from "../route.ts";

export interface KeyStreamParts {
  readonly keyStreams: KeyStreams;
  readonly clock: Clock;
}

/** Maximum number of bytes that wait for a slow reader. Beyond it the stream ends, and the reader resumes where it was. */
const waitingBytesMax = 4 * 1_024 * 1_024;

const heartbeatMs = 25_000;

const encoder = new TextEncoder();

/** Writes a comment to each open stream now and then, so that both ends notice a dead connection. One timer serves all. */
class Heartbeats {
  readonly #clock: Clock;
  readonly #streams = new Set<() => void>();
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(beat: () => void): () => void {
    this.#streams.add(beat);
    this.#timer ??= this.#next();
    return () => {
      this.#streams.delete(beat);
      if (this.#streams.size > 0) return;
      this.#timer?.cancel();
      this.#timer = undefined;
    };
  }

  #next(): Timer {
    return this.#clock.schedule(heartbeatMs, () => {
      for (const beat of this.#streams) beat();
      this.#timer = this.#next();
    });
  }
}

/**
 * Streams the changes of the keys with a prefix as server-sent events: one event for each index, whose id is the index. The stream
 * begins after `Last-Event-ID`, or `?since`, or with what comes, and first sends the id where it begins. An event "compacted" tells
 * that changes are no longer kept, and the index at which the keys have to be read anew.
 */
export function streamChanges({ keyStreams, clock }: KeyStreamParts): DatacenterEndpoint {
  const heartbeats = new Heartbeats(clock);
  return (request) => {
    const prefix = request.rest;
    demand(request, "key", "read", prefix);
    const after = startOf(request);
    return ({ store }) =>
      whenFresh(store, request.queryOptions().consistency, () => {
        let stop = (): void => {};
        const body = new ReadableStream<Uint8Array>(
          {
            start(controller) {
              const end = (): void => {
                stop();
                controller.close();
              };
              const write = (text: string): void => {
                controller.enqueue(encoder.encode(text));
                // A reader that has gone, or is too slow, resumes after the last event that it got.
                if ((controller.desiredSize ?? 0) <= 0) end();
              };
              // The first bytes make the runtime send the headers. With their id a reader resumes that has got no event yet.
              write(`: changes of keys\nid: ${after ?? keyStreams.told}\n\n`);
              const take = (event: KeyStreamEvent): void => {
                const text = textOf(event, request);
                if (text === "denied") end();
                else if (text !== undefined) write(text);
              };
              const removals = [heartbeats.add(() => write(":\n\n"))];
              stop = () => removals.forEach((remove) => remove());
              removals.push(keyStreams.add({ prefix, take }, after));
            },
            cancel: () => stop(),
          },
          new ByteLengthQueuingStrategy({ highWaterMark: waitingBytesMax }),
        );
        request.signal.addEventListener("abort", () => stop(), { once: true });
        return new Response(body, { headers: { "Content-Type": "text/event-stream", "Cache-Control": "no-store" } });
      });
  };
}

/** Returns the text of an event; undefined if it has nothing that the caller may read, "denied" if its token has ended. */
function textOf(event: KeyStreamEvent, { caller }: HttpRequest): string | undefined {
  if (event.kind === "compacted") return message("compacted", event.index, { Index: event.index });
  const { index, changes } = event.set;
  try {
    const { rights } = caller;
    const shown = changes.filter(({ key }) => rights.may("key", "read", key));
    return shown.length === 0 ? undefined : message("changes", index, encodeKvChangeSet(index, shown));
  } catch {
    return "denied";
  }
}

function message(event: string, id: number, data: object): string {
  return `event: ${event}\nid: ${id}\ndata: ${renderGoJson(data, { pretty: false })}\n\n`;
}

function startOf({ query, raw }: HttpRequest): number | undefined {
  const last = raw.headers.get("last-event-id") ?? "";
  if (last === "") return parseCount(query, "since");
  if (/^\d{1,15}$/.test(last)) return Number(last);
  throw new HttpError(400, `Bad request: Last-Event-ID is not an index: ${JSON.stringify(last)}`);
}
