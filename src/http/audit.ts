import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { Caller } from "../registry/caller.ts";
import { type RecordedChange, recordingCaller } from "../registry/recorded-changes.ts";
import { hideTokens, nameOf } from "./request-log.ts";
import { cleanPath, pathOf, type SentPath, sentTarget, targetOf } from "./sent-path.ts";
import type { Connections } from "./server.ts";

export interface AuditOptions {
  /** Whether all requests are recorded, or only writes and refusals. */
  readonly recordsAll: boolean;
  /** Takes a record at once, without waiting for the disk. */
  readonly append: (record: object) => void;
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
   * tells that it is.
   * @param handle answers it on behalf of a caller
   */
  answer(request: Request, sender: Sender, handle: (caller: Caller) => Answered): Answered {
    const { append, recordsAll } = this.#options;
    const isAtOnce = recordsAll || isWrite(request);
    const changes: RecordedChange[] = [];
    const begin = this.#describe(request, sender);
    if (isAtOnce) append(this.#event(begin, { stage: "OperationStart" }));
    const end = (response: Response): Response => {
      const { status } = response;
      if (!isAtOnce && status !== 401 && status !== 403) return response;
      if (!isAtOnce) append(this.#event(begin, { stage: "OperationStart" }));
      const after = { response: { status: String(status) }, stage: "OperationComplete" };
      append(this.#event(begin, changes.length > 0 ? { ...after, changes } : after));
      return response;
    };
    const answered = handle(isAtOnce ? recordingCaller(sender.caller, changes) : sender.caller);
    return answered instanceof Promise ? answered.then(end) : end(answered);
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

/** Maximum lengths, so that a client cannot fill the memory and the disk with one request. */
const endpointMax = 4096;
const headerMax = 256;

function shortened(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max)}...` : text;
}

/** Returns path and query without secrets, also of a path that is a legacy token's only after it is cleaned or decoded. */
function endpointOf({ url }: Request, { parts }: SentPath): string {
  const target = targetOf(url);
  if (!parts) return hideTokens(target);
  const path = cleanPath(parts) ?? `/${parts.join("/")}`;
  return hideTokens(holdsSecret.test(path) ? path + target.slice(pathOf(target).length) : sentTarget(target, parts));
}

/** The paths of Consul's legacy API, which end in the secret of a token. */
const holdsSecret = /^\/v1\/acl\/(create|update|info|destroy|clone|list)\/./;

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
