import { portRecordFolder } from "../../model/port-record.ts";
import { topics, type Topic } from "../../state/topics.ts";
import { HttpError } from "../http-error.ts";
import { answerJson } from "../read.ts";
import type { DatacenterEndpoint } from "../route.ts";

/** Maximum number of topics in one request: each costs an entry in the watches while the request waits. */
const topicsMax = 64;

export interface ChangesParts {
  readonly startedMs: number;
}

/**
 * Answers with the index of each topic that the request names, as soon as one is above the request's index. So a client that shows
 * several lists holds one request for all of them, and reads only the lists whose index has risen. It tells no data, only that there
 * is a change, as the index of any answer does.
 */
export function getChanges({ startedMs }: ChangesParts): DatacenterEndpoint {
  return (request) => {
    const names = (request.query.get("topics") ?? "").split(",").filter((name) => name !== "");
    if (names.length === 0) throw new HttpError(400, `Bad request: topics is missing. It lists ${known}, with commas`);
    if (names.length > topicsMax) throw new HttpError(400, `Bad request: more than ${topicsMax} topics`);
    const asked = names.map((name) => ({ name, watched: topicsOf(name) }));
    const query = { topics: [...new Set(asked.flatMap(({ watched }) => watched))], read: () => asked };
    return (reading) => {
      const indexOf = (watched: readonly Topic[]): number => reading.store.indexOf(watched);
      return answerJson(request, query, (each) => ({
        // An agent that restarts with its data has the same indexes as before.
        StartedAt: new Date(startedMs).toISOString(),
        Index: indexOf(query.topics),
        Topics: Object.fromEntries(each.map(({ name, watched }) => [name, indexOf(watched)])),
      }))(reading);
    };
  };
}

const lists: ReadonlyMap<string, readonly Topic[]> = new Map([
  ["services", [topics.nodes, topics.services, topics.checks]],
  ["nodes", [topics.nodes, topics.services, topics.checks]],
  ["health", [topics.checks]],
  ["ports", [topics.tree(portRecordFolder)]],
  ["sessions", [topics.sessions]],
  ["trials", [topics.kvTrials]],
]);

const withName: ReadonlyMap<string, (name: string) => readonly Topic[]> = new Map([
  ["service", (name: string) => [topics.service(name), topics.serviceChecks(name)]],
  ["node", (name: string) => [topics.node(name), topics.nodeChecks(name)]],
  ["kv", (prefix: string) => [topics.tree(prefix)]],
  ["key", (key: string) => [topics.key(key)]],
]);

const known = [...lists.keys(), ...[...withName.keys()].map((kind) => `${kind}:NAME`)].join(", ");

/** Returns the topics of the state for a name like "services" or "kv:edgex/". A comma or percent sign in it is percent-encoded. */
function topicsOf(text: string): readonly Topic[] {
  const at = text.indexOf(":");
  const found = at < 0 ? lists.get(text) : withName.get(text.slice(0, at))?.(decoded(text.slice(at + 1)));
  if (found) return found;
  throw new HttpError(400, `Bad request: unknown topic ${JSON.stringify(text)}. The topics are ${known}`);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new HttpError(400, `Bad request: the topic's name ${JSON.stringify(text)} has a broken percent-encoding`);
  }
}
