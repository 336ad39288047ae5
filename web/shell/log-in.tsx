import { type Signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { nowMs } from "../live/feed.ts";
import { api } from "../live/place.ts";
import { ask, type Outcome } from "../live/request.ts";
import { logIn, logInByPassword, logOut, session, type Session } from "../live/session.ts";
import { Dialogue } from "../parts/dialogue.tsx";
import { Fault } from "../parts/fault.tsx";
import { Field } from "../parts/field.tsx";
import { distance } from "../parts/time.tsx";
import { dialogue } from "./dialogues.ts";
import { textOfLogin, useLogin } from "./login-button.tsx";

const close = (): void => void (dialogue.value = "none");

/** Logs in with a token, or with a name and a password; or out. */
export function LogIn(): JSX.Element {
  const now = session.value;
  return now ? <WithSession {...now} /> : <LogInForm />;
}

function WithSession(now: Session): JSX.Element {
  const login = useLogin();
  if (login.isEnded) return <LogInForm />;
  const text = textOfLogin(now, login);
  return (
    <Dialogue title="Log out" onClose={close} closeLabel="Stay logged in">
      {text !== "" && <p>Logged in as {text}.</p>}
      <p>
        After logging out, no request of this page carries a token.
        {login.isOfLogin && " The agent deletes the one that the login made."}
      </p>
      <p class="buttons">
        <button
          type="button"
          onClick={() => {
            void logOut({ ends: login.isOfLogin });
            close();
          }}
        >
          Log out
        </button>
      </p>
    </Dialogue>
  );
}

/** The name of the auth method that was used last in this browser. */
const methodKey = "praetor-auth-method";

function LogInForm(): JSX.Element {
  const methods = useSignal<readonly string[]>([]);
  const method = useSignal(localStorage.getItem(methodKey) ?? "");
  const byName = useSignal(method.peek() !== "");
  useEffect(() => {
    void passwordMethods().then((found) => {
      methods.value = found;
      if (found.length === 0) return;
      if (!found.includes(method.peek())) method.value = found[0] ?? "";
      byName.value = true;
    });
  }, []);
  return (
    <Dialogue title="Log in" onClose={close} closeLabel="Cancel">
      {byName.value ? <NameForm {...{ method, methods: methods.value }} /> : <TokenForm />}
      <p>
        <button type="button" class="quiet" onClick={() => (byName.value = !byName.peek())}>
          {byName.value ? "Use a token" : "Use a name and a password"}
        </button>
      </p>
    </Dialogue>
  );
}

/** Resolves with the names of the auth methods for names and passwords that the agent tells to callers without a token. */
async function passwordMethods(): Promise<readonly string[]> {
  const outcome = await ask({ api: api.href, path: "v1/acl/auth-methods", token: "" });
  const listed: readonly unknown[] =
    "answer" in outcome && Array.isArray(outcome.answer.value) ? outcome.answer.value : [];
  return listed.flatMap((each) =>
    typeof each === "object" && each !== null && "Type" in each && each.Type === "userpass" && "Name" in each
      ? [String(each.Name)]
      : [],
  );
}

interface NameFormProps {
  readonly method: Signal<string>;
  /** The known methods; none if the agent does not tell them. */
  readonly methods: readonly string[];
}

function NameForm({ method, methods }: NameFormProps): JSX.Element {
  const name = useSignal("");
  const password = useSignal("");
  const send = async (stay: boolean): Promise<Outcome> => {
    const outcome = await logInByPassword(
      { method: method.peek(), name: name.peek(), password: password.peek() },
      { stay },
    );
    if ("answer" in outcome) localStorage.setItem(methodKey, method.peek());
    return outcome;
  };
  return (
    <Form isReady={name.value !== "" && password.value !== "" && method.value !== ""} send={send}>
      {methods.length === 0 && (
        <Field
          {...{
            label: "Auth method",
            value: method.value,
            hint: "Its name, as the operator of this agent has chosen it.",
          }}
          onValue={(value) => (method.value = value)}
        />
      )}
      {methods.length > 1 && (
        <label class="field">
          Auth method
          <select value={method.value} onChange={({ currentTarget }) => (method.value = currentTarget.value)}>
            {methods.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
      )}
      <Field
        {...{ label: "Name", value: name.value, autocomplete: "username" }}
        onValue={(value) => (name.value = value)}
      />
      <Field
        {...{ label: "Password", type: "password", value: password.value, autocomplete: "current-password" }}
        onValue={(value) => (password.value = value)}
      />
    </Form>
  );
}

function TokenForm(): JSX.Element {
  const secret = useSignal("");
  const send = async (stay: boolean): Promise<Outcome> => {
    const typed = secret.peek().trim();
    const outcome = await ask({ api: api.href, path: "v1/acl/token/self", token: typed });
    if ("failure" in outcome && isRefusal(outcome.failure.text, outcome.failure.kind)) return outcome;
    logIn({ secret: typed, name: "answer" in outcome ? descriptionOf(outcome.answer.value) : "" }, { stay });
    return { answer: { value: undefined, index: 0 } };
  };
  return (
    <Form isReady={secret.value.trim() !== ""} send={send}>
      <Field
        {...{ label: "Token", type: "password", value: secret.value, autocomplete: "current-password" }}
        onValue={(value) => (secret.value = value)}
        hint="The secret id of a token. It stays in this tab, and is never part of an address."
      />
    </Form>
  );
}

/** Returns whether the token cannot be used. An agent without access control takes any, and says so with 401. */
function isRefusal(text: string, kind: string): boolean {
  return kind !== "denied" || text.includes("ACL not found");
}

function descriptionOf(value: unknown): string {
  return typeof value === "object" && value !== null && "Description" in value ? String(value.Description) : "";
}

interface FormProps {
  readonly isReady: boolean;
  /** @param stay whether the login outlasts a reload of the page */
  readonly send: (stay: boolean) => Promise<Outcome>;
  readonly children: JSX.Element | readonly (JSX.Element | false)[];
}

/** The form around the fields: it says in the agent's words why a login failed, and waits as long as the agent wants. */
function Form({ isReady, send, children }: FormProps): JSX.Element {
  const stays = useSignal(false);
  const isSending = useSignal(false);
  const fault = useSignal<string | undefined>(undefined);
  const retryAtMs = useSignal(0);
  const waitMs = retryAtMs.value - nowMs.value;
  const submit = async (): Promise<void> => {
    isSending.value = true;
    const outcome = await send(stays.peek());
    isSending.value = false;
    if ("answer" in outcome) return close();
    const { text, retryMs } = outcome.failure;
    fault.value = text;
    retryAtMs.value = retryMs === undefined ? 0 : Date.now() + retryMs;
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!isSending.peek()) void submit();
      }}
    >
      {children}
      <label class="check">
        <input
          type="checkbox"
          checked={stays.value}
          onChange={({ currentTarget }) => (stays.value = currentTarget.checked)}
        />
        Stay logged in until this tab is closed
      </label>
      {fault.value !== undefined && (
        <Fault>
          {fault.value}
          {waitMs > 0 && `. Try again in ${distance(waitMs)}.`}
        </Fault>
      )}
      <p class="buttons">
        <button type="submit" disabled={!isReady || isSending.value || waitMs > 0}>
          Log in
        </button>
      </p>
    </form>
  );
}
