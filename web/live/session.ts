import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { api } from "./place.ts";
import { ask, type Outcome } from "./request.ts";

/*
 * The login of this tab. It is kept in memory, and in the tab's session storage if the user wants to stay logged in; it never
 * goes into a cookie or an address.
 */

export interface Session {
  /** The secret id of the token that requests carry. */
  readonly secret: string;
  /** The user's name; "" for a token that was typed. */
  readonly name: string;
}

const storageKey = "praetor-session";
const current = signal(stored());
/** Tells the other tabs of a token that has ended. */
const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel(storageKey) : undefined;
channel?.addEventListener("message", ({ data }: MessageEvent<string>) => {
  if (data === current.peek()?.secret) forget();
});

/** The login; undefined without one. */
export const session: ReadonlySignal<Session | undefined> = current;
/** The secret id of the token that requests carry; "" without a login. */
export const token: ReadonlySignal<string> = computed(() => current.value?.secret ?? "");

export function logIn(to: Session, { stay }: { readonly stay: boolean }): void {
  if (stay) sessionStorage.setItem(storageKey, JSON.stringify(to));
  else sessionStorage.removeItem(storageKey);
  current.value = to;
}

export interface Credentials {
  /** The name of an auth method. */
  readonly method: string;
  readonly name: string;
  readonly password: string;
}

/** Gets a token for a name and a password, and logs in with it. Returns the agent's answer; never rejects. */
export async function logInByPassword(
  { method, name, password }: Credentials,
  { stay }: { readonly stay: boolean },
): Promise<Outcome> {
  const body = JSON.stringify({ AuthMethod: method, BearerToken: `${name}:${password}` });
  const outcome = await ask({ api: api.href, path: "v1/acl/login", token: "", method: "POST", body });
  const secret = "answer" in outcome ? secretOf(outcome.answer.value) : undefined;
  if (secret !== undefined) logIn({ secret, name }, { stay });
  return outcome;
}

/**
 * Logs out in all tabs that have the same token.
 * @param ends whether the token was made by a login: the agent then deletes it
 */
export async function logOut({ ends }: { readonly ends: boolean }): Promise<void> {
  const secret = token.peek();
  forget();
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has one origin, and takes no second argument
  channel?.postMessage(secret);
  if (ends) await ask({ api: api.href, path: "v1/acl/logout", token: secret, method: "POST" });
}

function forget(): void {
  sessionStorage.removeItem(storageKey);
  current.value = undefined;
}

function stored(): Session | undefined {
  const text = sessionStorage.getItem(storageKey);
  if (text === null) return undefined;
  try {
    const kept: unknown = JSON.parse(text);
    if (typeof kept !== "object" || kept === null || !("secret" in kept) || !("name" in kept)) return undefined;
    const { secret, name } = kept;
    return typeof secret === "string" && typeof name === "string" ? { secret, name } : undefined;
  } catch {
    return undefined;
  }
}

function secretOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || !("SecretID" in value)) return undefined;
  return typeof value.SecretID === "string" ? value.SecretID : undefined;
}
