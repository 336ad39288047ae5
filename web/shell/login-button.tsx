import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { nowMs } from "../live/feed.ts";
import { refresh, useReading } from "../live/reading.ts";
import { session, type Session } from "../live/session.ts";
import { distance } from "../parts/time.tsx";
import { dialogue } from "./dialogues.ts";

/** `v1/acl/token/self`. */
interface OwnToken {
  /** The auth method of a login; "" or absent for other tokens. */
  readonly AuthMethod?: string;
  /** In RFC 3339; absent for a token that does not expire. */
  readonly ExpirationTime?: string;
}

/** The token of the login, as the agent knows it. */
export interface Login {
  /** Whether the agent does not know the token any more. */
  readonly isEnded: boolean;
  /** Whether a login made the token, so that logging out deletes it. */
  readonly isOfLogin: boolean;
  /** The time until it expires, in milliseconds; undefined if it does not, or while that is unknown. */
  readonly leftMs: number | undefined;
}

/** Returns the token of the login. At its end everything is read again, so that each screen says that it is denied. */
export function useLogin(): Login {
  const { value, failure } = useReading<OwnToken>({ path: "v1/acl/token/self", topics: [], isBackground: true });
  const endsMs = value?.ExpirationTime === undefined ? undefined : Date.parse(value.ExpirationTime);
  const isDue = endsMs !== undefined && nowMs.value > endsMs;
  useEffect(() => {
    if (isDue) refresh();
  }, [isDue]);
  const isEnded = failure?.kind === "denied" && failure.text.includes("ACL not found");
  const leftMs = endsMs === undefined ? undefined : Math.max(0, endsMs - nowMs.value);
  return { isEnded, isOfLogin: (value?.AuthMethod ?? "") !== "", leftMs };
}

/** Returns "anna, 54 min"; "" for a token without name and end. */
export function textOfLogin({ name }: Session, { leftMs }: Login): string {
  return [name, leftMs === undefined ? "" : distance(leftMs)].filter((part) => part !== "").join(", ");
}

/** The button of the shell that opens the dialogue for logging in or out, and says as whom and for how long. */
export function LoginButton(): JSX.Element {
  const now = session.value;
  return now ? <LoggedIn {...now} /> : <Button>Log in</Button>;
}

function LoggedIn(now: Session): JSX.Element {
  const login = useLogin();
  if (login.isEnded) return <Button>Login ended</Button>;
  const text = textOfLogin(now, login);
  return text === "" ? <Button>Log out</Button> : <Button label={`Log out: logged in as ${text}`}>{text}</Button>;
}

function Button({ children, label }: { readonly children: string; readonly label?: string }): JSX.Element {
  return (
    <button
      type="button"
      class="quiet login"
      aria-label={label}
      title={label}
      onClick={() => (dialogue.value = "log-in")}
    >
      {children}
    </button>
  );
}
