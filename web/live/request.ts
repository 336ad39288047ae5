import { type Need, needOf, textOfNeed } from "./need.ts";

/*
 * Requests to the agent. Each failure has a kind that a screen shows in its own way, and the agent's own text, unshortened.
 */

/** Why the agent's data is not there. */
export interface Failure {
  /**
   * "offline": no answer. "denied": 401 or 403. "gone": 404. "refused": all other errors of the agent, such as 500 with a full
   * disk.
   */
  readonly kind: "offline" | "denied" | "gone" | "refused";
  /** The agent's text, or the browser's if there was no answer. */
  readonly text: string;
  /** The time after which the agent wants to be asked again, in milliseconds; undefined if it does not say. */
  readonly retryMs?: number;
  /** X-Consul-Index of the answer, such as that of a deletion; absent without an answer, 0 if the answer has none. */
  readonly index?: number;
}

/** Returns whether the agent has looked and found nothing: such a 404 has an index. One without comes from elsewhere, such as a proxy. */
export function isAbsence(failure: Failure | undefined): boolean {
  return failure?.kind === "gone" && (failure.index ?? 0) > 0;
}

/** An answer of the agent. */
export interface Answer {
  /** The JSON of the body. */
  readonly value: unknown;
  /** X-Consul-Index; 0 if the answer has none. */
  readonly index: number;
}

export type Outcome = { readonly answer: Answer } | { readonly failure: Failure };

export interface Ask {
  /** The folder that contains `v1/`: an absolute URL with a slash at its end. */
  readonly api: string;
  /** The address below `api`: "v1/agent/self". */
  readonly path: string;
  /** The secret id of a token; "" for none. */
  readonly token: string;
  readonly method?: "PUT" | "POST" | "DELETE";
  readonly body?: string | Blob | Uint8Array<ArrayBuffer>;
  readonly signal?: AbortSignal;
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Sends a request, and never rejects. An aborted request has the failure "offline". */
export async function ask(asked: Ask, send: Fetch = fetchUncached): Promise<Outcome> {
  const { api, path, token, method, body, signal } = asked;
  try {
    const response = await send(api + path, {
      method: method ?? "GET",
      headers: token === "" ? {} : { "X-Consul-Token": token },
      ...(body !== undefined && { body }),
      ...(signal && { signal }),
    });
    const text = await response.text();
    const index = Number(response.headers.get("X-Consul-Index") ?? 0);
    if (!response.ok) return { failure: { ...failureOf(response, text, asked), index } };
    return { answer: { value: valueOf(text), index } };
  } catch (error) {
    return { failure: { kind: "offline", text: error instanceof Error ? error.message : String(error) } };
  }
}

/**
 * Asks for a file, and never rejects.
 * @returns its bytes, or why they did not come
 */
export async function askFile(
  asked: Pick<Ask, "api" | "path" | "token">,
  send: Fetch = fetchUncached,
): Promise<{ readonly file: Blob } | { readonly failure: Failure }> {
  const { api, path, token } = asked;
  try {
    const response = await send(api + path, { headers: token === "" ? {} : { "X-Consul-Token": token } });
    if (!response.ok) return { failure: failureOf(response, await response.text(), asked) };
    return { file: await response.blob() };
  } catch (error) {
    return { failure: { kind: "offline", text: error instanceof Error ? error.message : String(error) } };
  }
}

/** The token is a header, so a kept answer could be another caller's: the browser's cache takes no part. */
const fetchUncached: Fetch = (url, init) => fetch(url, { ...init, cache: "no-store", credentials: "same-origin" });

/** Returns the JSON of a body. Some writes answer with an empty body, or with text. */
function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function failureOf({ status, headers }: Response, text: string, asked: Pick<Ask, "path" | "method">): Failure {
  const isMissing = status === 404 && text.trim() === "" && asked.path.startsWith("v1/praetor/");
  const sentence = isMissing ? noPraetor : text.trim() || `the agent answered with status ${status} and no text`;
  if (status === 401 || status === 403) return { kind: "denied", text: denialOf(sentence, needOf(asked)) };
  if (status === 404) return { kind: "gone", text: sentence };
  // A proxy in front of the agent answers so when the agent does not.
  if (status === 502 || status === 503 || status === 504) return { kind: "offline", text: sentence };
  const seconds = Number(headers.get("Retry-After") ?? NaN);
  return { kind: "refused", text: sentence, ...(seconds > 0 && { retryMs: seconds * 1_000 }) };
}

/** The text for an endpoint that a Consul does not have. */
const noPraetor = "This agent does not tell it: only Praetor has these data.";

/** Returns the agent's text with what it leaves out: the right that is missing, and the setting that refuses a write. */
function denialOf(sentence: string, need: Need | undefined): string {
  if (sentence === "Access is restricted")
    return "this address may not write: it is in no network of the agent's http_config.allow_write_http_from";
  if (sentence === "ACL not found") return "the token has ended, or there never was one like it (ACL not found)";
  return sentence === "Permission denied" && need ? textOfNeed(need) : sentence;
}
