import { OperatingError } from "../lib/errors.ts";
import { HttpError } from "./http-error.ts";
import { withHop } from "./hop.ts";
import type { HttpRequest } from "./http-request.ts";
import { pathOf, SentPath, targetOf } from "./sent-path.ts";
import { type RequestHandler, withoutConnection } from "./server.ts";

/*
 * A client agent passes requests on to a server as they came, and answers with what the server answers. A server that does not
 * lead does the same with requests for the leader (on-leader.ts). Both cross the link as a head, with a short body in it; a longer body follows as a stream.
 */

export interface ForwardedRequest {
  readonly method: string;
  /** Path and query as the client sent them, encoded. */
  readonly target: string;
  /** The header fields as lines, "name: value": one text is decoded faster than many. */
  readonly headers: string;
  /** A short body; undefined for an empty body, and for one that follows as a stream. */
  readonly body?: Uint8Array<ArrayBuffer> | undefined;
  /** The IP address of the HTTP client; undefined on a unix socket. */
  readonly peer?: string | undefined;
  /** The node of the client agent that the client asked; undefined if the sender is that agent. */
  readonly agentNode?: string | undefined;
  /** The secret of the default token of the agent that the client asked, "" for none; undefined if the sender is a server. */
  readonly agentToken?: string | undefined;
}

export interface ForwardedAnswer {
  readonly status: number;
  /** The header fields as lines, "name: value". */
  readonly headers: string;
  /** A short body; undefined for an empty body, and for one that follows as a stream. */
  readonly body?: Uint8Array<ArrayBuffer> | undefined;
}

/** A head, and a long body after it. */
export interface WithBody<T> {
  readonly head: T;
  readonly body?: ReadableStream<Uint8Array> | undefined;
}

export interface SendOptions {
  /** Whether the request may be sent to another server if the first one does not answer. */
  readonly isRepeatable: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Sends a request to a server. @throws OperatingError unavailable "no-servers", "link-lost" */
export type SendToServer = (
  request: WithBody<ForwardedRequest>,
  options: SendOptions,
) => Promise<WithBody<ForwardedAnswer>>;

interface ForwardOptions {
  readonly targetFor?: (target: string) => string;
  readonly agentToken?: (() => string) | undefined;
}

/** The path of the built-in UI, for requests that client agents pass on. */
export const serverUiPath = "/ui/";

/** Maximum size in bytes of a body that is sent with its head. */
const shortBytesMax = 64 * 1024;

/** Header fields that belong to a connection, and not to the request. */
const ofConnection: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
  "expect",
]);

/**
 * Returns the endpoint that passes a request on to a server.
 * @param targetFor returns the target for the server; default: the request's own
 * @param agentToken returns the secret of this agent's default token; default: that of the agent which passed the request on
 */
export function forward(
  send: SendToServer,
  { targetFor = (target) => target, agentToken }: ForwardOptions = {},
): (request: HttpRequest) => Promise<Response> {
  return async (request) => {
    const target = targetFor(request.target);
    const packed = await packRequest(request, target, agentToken?.() ?? request.agentToken);
    // A server answers all other reads at once: to follow their clients' disconnects would cost more than it saves.
    const signal = request.method !== "GET" || request.query.has("index") ? request.signal : undefined;
    const options = { isRepeatable: request.method === "GET", signal };
    const { head, body } = await send(packed, options).catch(explainLoss);
    const answer = shownAnswer(head, target);
    return new Response(body ?? answer.body ?? null, {
      status: answer.status,
      headers: fieldsOf(head.headers, capitalized),
    });
  };
}

/** Returns header fields as lines. No value has a line break. */
function linesOf(headers: Headers): string {
  let lines = "";
  for (const [name, value] of headers) if (!ofConnection.has(name)) lines += `${name}: ${value}\n`;
  return lines;
}

/** Returns the header fields of `linesOf`. */
function fieldsOf(lines: string, nameOf: (name: string) => string): [string, string][] {
  const fields: [string, string][] = [];
  for (const line of lines.split("\n")) {
    const at = line.indexOf(": ");
    if (at > 0) fields.push([nameOf(line.slice(0, at)), line.slice(at + 2)]);
  }
  return fields;
}

/** The names of header fields as Go writes them, by their names in lower case, as the runtime lists them. */
const goNames = new Map<string, string>();
/** Maximum number of names to remember. An agent's answers have some twenty. */
const goNamesMax = 256;

function capitalized(name: string): string {
  const known = goNames.get(name);
  if (known !== undefined) return known;
  const written = name.replace(/(^|-)[a-z]/g, (begin) => begin.toUpperCase());
  if (goNames.size < goNamesMax) goNames.set(name, written);
  return written;
}

async function packRequest(
  request: HttpRequest,
  target: string,
  agentToken: string | undefined,
): Promise<WithBody<ForwardedRequest>> {
  const { agentNode, method, raw, peerAddress: peer } = request;
  const head = { method, target, headers: linesOf(raw.headers), peer, agentNode, agentToken };
  if (method === "GET" || method === "HEAD" || !raw.body) return { head };
  const length = Number(raw.headers.get("content-length") ?? Infinity);
  if (length > shortBytesMax) return { head, body: raw.body };
  return { head: { ...head, body: Uint8Array.from(await request.body(shortBytesMax)) } };
}

/** Consul: a client agent's error for a request whose server did not answer it begins so. */
function explainLoss(error: unknown): never {
  if (!(error instanceof OperatingError) || error.code !== "link-lost") throw error;
  throw new OperatingError("unavailable", "link-lost", `rpc error making call: EOF: ${error.message}`);
}

const decoder = new TextDecoder();

/** Consul: a policy or token that does not exist is a refusal of the HTTP layer, after a read that has succeeded. */
const ofHttpLayer = /^x-consul-knownleader: true$/im;

/** Returns an answer with the text that an error gets on its way through another agent. */
function shownAnswer(answer: ForwardedAnswer, target: string): Pick<ForwardedAnswer, "status" | "body"> {
  const { status, headers, body } = answer;
  const isRefusal = status === 403 && !ofHttpLayer.test(headers);
  const isError = status === 500 || status === 404 || status === 400 || isRefusal;
  if (!body || !isError || !/^content-type: text\/plain/im.test(headers)) return answer;
  const text = decoder.decode(body);
  const shown = withHop({ status, text, target });
  return shown.text === text ? answer : { status: shown.status, body: Buffer.from(shown.text) };
}

/**
 * Answers a request that another agent has passed on: a client agent, or a server that does not lead.
 * @param agentNode the name of that agent's node
 * @param agentToken the secret of the default token of an agent that names none; undefined to take that of this server
 */
export async function answerForwarded(
  router: RequestHandler,
  { head, body }: WithBody<ForwardedRequest>,
  {
    agentNode,
    agentToken,
    signal,
  }: { readonly agentNode: string; readonly agentToken: string | undefined; readonly signal: AbortSignal },
): Promise<WithBody<ForwardedAnswer>> {
  const { method, headers, peer } = head;
  const asked = head.agentNode ?? agentNode;
  const target = nearAgent(head.target, asked);
  const hasBody = method !== "GET" && method !== "HEAD";
  const request = new Request(`http://agent${target}`, {
    method,
    headers: fieldsOf(headers, (name) => name),
    signal,
    ...(hasBody && { body: body ?? head.body ?? null }),
  });
  const connections = {
    agentNode: asked,
    agentToken: head.agentToken ?? agentToken,
    ...withoutConnection(peer),
  };
  return packResponse(
    await router.handle(request, SentPath.of(pathOf(targetOf(`http://agent${target}`))), connections),
  );
}

/** Consul: "_agent" means the node of the agent that the client asked. Kept answers are found by their target. */
function nearAgent(target: string, agentNode: string): string {
  return target.replace(/([?&]near=)(?:_|%5f)agent(?=&|$)/i, (_, name: string) => name + encodeURIComponent(agentNode));
}

async function packResponse(response: Response): Promise<WithBody<ForwardedAnswer>> {
  const { status, body } = response;
  const headers = linesOf(response.headers);
  if (!body) return { head: { status, headers } };
  const reader: PieceReader = body.getReader();
  const begun: Uint8Array[] = [];
  for (let length = 0; length <= shortBytesMax;) {
    const { done, value } = await reader.read();
    if (done || !value) return { head: { status, headers, body: Uint8Array.from(Buffer.concat(begun)) } };
    begun.push(value);
    length += value.length;
  }
  return { head: { status, headers }, body: continued(begun, reader) };
}

/** The reader of a stream, as far as the types of Bun and of Node agree. */
interface PieceReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(reason: unknown): Promise<void>;
}

/** Returns a stream of the chunks that were read already and of those that follow. */
function continued(begun: Uint8Array[], reader: PieceReader): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const first = begun.shift();
        if (first) return controller.enqueue(first);
        const { done, value } = await reader.read();
        if (done || !value) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/** Returns the endpoint of a request that only a server can answer, whatever its method. @param reason Consul's text */
export function refuseOnClient(reason: string): () => never {
  return () => {
    throw new HttpError(500, reason);
  };
}
