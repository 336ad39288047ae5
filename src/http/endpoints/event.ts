import type { Agent } from "../../agent/agent.ts";
import { eventFilterFault, isMeant } from "../../agent/event-filter.ts";
import type { Event } from "../../model/event.ts";
import type { Clock } from "../../lib/clock.ts";
import { withJitter, type Random } from "../../lib/random.ts";
import type { Events } from "../../registry/events.ts";
import type { WaitLimits } from "../../registry/blocking-query.ts";
import { encodeEvent, eventSizeFault } from "../../wire/event.ts";
import { json } from "../answers.ts";
import { demand } from "../demand.ts";
import { HttpError } from "../http-error.ts";
import type { HttpRequest } from "../http-request.ts";
import { bodyBytesMax } from "../limits.ts";
import { requireName } from "../parameters.ts";
import { parseWaiting } from "../query-options.ts";
import type { DatacenterEndpoint, Endpoint } from "../route.ts";

export interface EventParts {
  readonly events: Events;
  readonly agent: Agent;
  /** Sends an event that was fired here to all other agents. */
  readonly spread: (event: Event) => void;
  readonly waitLimits: WaitLimits;
  readonly clock: Clock;
  readonly random: Random;
}

export function fireEvent({ events, agent, random, spread }: EventParts): DatacenterEndpoint {
  return async (request) => {
    requireName(request.rest, "Missing name");
    const event = await eventOf(request, random.uuid());
    const fault = eventFilterFault(event);
    if (fault !== undefined) throw new HttpError(500, fault);
    return () => {
      demand(request, "event", "write", event.name);
      const tooLong = eventSizeFault(event, events.time);
      if (tooLong !== undefined) {
        throw new HttpError(500, `1 error occurred:\n\t* error broadcasting event to segment "": ${tooLong}\n\n`);
      }
      spread(events.fire(event, { remember: isMeant(event, agent) }));
      return json(request, encodeEvent(event));
    };
  };
}

async function eventOf(request: HttpRequest, id: string): Promise<Event> {
  const { query } = request;
  return {
    id,
    name: request.rest,
    payload: await request.body(bodyBytesMax),
    nodeFilter: query.get("node") ?? "",
    serviceFilter: query.get("service") ?? "",
    tagFilter: query.get("tag") ?? "",
    time: 0,
  };
}

/**
 * Lists events by name. Consul: `node`, `service` and `tag` select the nodes that handle an event, and do not filter this list.
 */
export function listEvents({ events, waitLimits, clock, random }: EventParts): Endpoint {
  return async (request) => {
    // Consul: the index of a list of events is 64 bits of an event's id, more than a JavaScript number can hold.
    const { waitMs } = parseWaiting(request.query);
    const { maxMs } = waitLimits;
    const name = request.query.get("name") ?? "";
    const index = BigInt(request.query.get("index") || "0");
    if (index > 0n) {
      const longest = Math.min(waitMs || maxMs, maxMs);
      const waited = withJitter(longest, random);
      await events.waitForOther(name, { index, waitMs: waited, signal: request.signal, clock });
      await request.caller.refresh();
    }
    const headers = { "X-Consul-Index": String(events.indexOf(name)) };
    const { rights } = request.caller;
    const shown = events.list(name).filter((event) => rights.may("event", "read", event.name));
    return json(request, shown.map(encodeEvent), headers);
  };
}
