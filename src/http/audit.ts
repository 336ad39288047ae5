import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { Caller } from "../registry/caller.ts";
import { type RecordedChange, recordingCaller } from "../registry/recorded-changes.ts";
import { hideTokens, nameOf } from "./request-log.ts";
import { type SentPath, sentTarget, targetOf } from "./sent-path.ts";
import type { Connections } from "./server.ts";

export interface AuditOptions {
  /** Whether all requests are recorded, or only writes and refusals. */
  readonly recordsAll: boolean;
  /** Takes a record at once. Resolves when the system has it, so that it outlasts the agent, or when it was dropped. */
  readonly append: (record: object) => Promise<void>;
  readonly clock: Clock;
  readonly random: Random;
}

interface Sender {
  readonly path: SentPath;
  readonly caller: Caller;
  readonly connections: Connections;
}

type Answered = Response | Promise<Response>;

/** The audit log of an agent's requests, in the events of Consul Enterprise: two for each request, when it begins and when it is answered. */
export class Audit {
  readonly #options: AuditOptions;

  constructor(options: AuditOptions) {
    this.#options = options;
  }

  /**
   * Answers a request, and records it. The events of a read that was refused are both recorded after its answer, because only the answer
   * tells that it is. The answers to writes and refusals wait for their records, but not long, so that a killed agent has recorded what it
   * has answered.
   * @param handle answers it on behalf of a caller
   */
  answer(request: Request, sender: Sender, handle: (caller: Caller) => Answered): Answered {
    const { append, recordsAll } = this.#options;
    const isAtOnce = recordsAll || isWrite(request);
    const changes: RecordedChange[] = [];
    const begin = this.#describe(request, sender);
    if (isAtOnce) void append(this.#event(begin, { stage: "OperationStart" }));
    const end = (response: Response): Answered => {
      const { status } = response;
      const isRefused = status === 401 || status === 403;
      if (!isAtOnce && !isRefused) return response;
      if (!isAtOnce) void append(this.#event(begin, { stage: "OperationStart" }));
      const after = { response: { status: String(status) }, stage: "OperationComplete" };
      const recorded = append(this.#event(begin, changes.length > 0 ? { ...after, changes } : after));
      return isRefused || isWrite(request) ? this.#after(recorded, response) : response;
    };
    const answered = handle(isAtOnce ? recordingCaller(sender.caller, changes) : sender.caller);
    return answered instanceof Promise ? answered.then(end) : end(answered);
  }

  /** Resolves with the response when its record is written; a disk that does not answer delays it by `recordMsMax` at the most. */
  #after(recorded: Promise<void>, response: Response): Promise<Response> {
    const { promise, resolve } = Promise.withResolvers<Response>();
    const timer = this.#options.clock.schedule(recordMsMax, () => resolve(response));
    void recorded.then(() => {
      timer.cancel();
      resolve(response);
    });
    return promise;
  }

  #event(begin: () => Begin, rest: object): object {
    const { auth, request, startedAt, requestId } = begin();
    const isStart = "stage" in rest && rest.stage === "OperationStart";
    const at = isStart ? startedAt : this.#now();
    return {
      created_at: at,
      event_type: "audit",
      payload: {
        ...{ id: this.#options.random.uuid(), version: "1", type: "HTTPEvent", timestamp: startedAt },
        ...{ auth, request, request_id: requestId, ...rest },
      },
    };
  }

  /** Returns a function that describes the request as it is now; it costs nothing until it is called. */
  #describe(request: Request, { path, caller, connections }: Sender): () => Begin {
    const startedMs = this.#options.clock.wallMs();
    // A connection that has ended has no address any more.
    const peer = connections.requestIP(request);
    let described: Begin | undefined;
    return () =>
      (described ??= {
        startedAt: new Date(startedMs).toISOString(),
        requestId: this.#options.random.uuid(),
        auth: authOf(caller),
        request: {
          operation: request.method,
          endpoint: shortened(endpointOf(request, path), endpointMax),
          remote_addr: nameOf(peer),
          user_agent: shortened(request.headers.get("user-agent") ?? "", headerMax),
          host: shortened(request.headers.get("host") ?? "", headerMax),
          ...(connections.agentNode !== undefined && { agent: connections.agentNode }),
        },
      });
  }

  #now(): string {
    return new Date(this.#options.clock.wallMs()).toISOString();
  }
}

interface Begin {
  readonly startedAt: string;
  readonly requestId: string;
  readonly auth: object;
  readonly request: object;
}

/** How long an answer waits for its record, in milliseconds. */
const recordMsMax = 200;

/** Maximum lengths, so that a client cannot fill the memory and the disk with one request. */
const endpointMax = 4096;
const headerMax = 256;

function shortened(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max)}...` : text;
}

/** Returns path and query without secrets. */
function endpointOf({ url }: Request, { parts }: SentPath): string {
  const target = targetOf(url);
  return hideTokens(parts ? sentTarget(target, parts) : target);
}

/** Returns who sent the request: the token's accessor id, never its secret. */
function authOf(caller: Caller): object {
  try {
    const { token } = caller;
    if (!token) return {};
    const { accessorId, description, createTime } = token;
    return { accessor_id: accessorId, description, create_time: createTime };
  } catch {
    return { accessor_id: "", description: mayAct(caller) ? "agent master token" : "a token that does not exist" };
  }
}

/** Returns whether a caller without a stored token has rights all the same: the agent's own master token. */
function mayAct(caller: Caller): boolean {
  try {
    return !caller.isObserved && caller.rights !== undefined;
  } catch {
    return false;
  }
}

/**
 * Returns whether a request is one that changes something. The signs of life that a service or a lock's owner sends every few seconds are
 * not recorded, since they would be most of the log.
 */
function isWrite({ method, url }: Request): boolean {
  if (method === "GET" || method === "HEAD" || method === "OPTIONS") return false;
  return !/^\/v1\/(agent\/check\/pass|session\/renew)\//.test(targetOf(url));
}
