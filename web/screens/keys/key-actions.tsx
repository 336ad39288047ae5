import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { isReadOnly } from "../../live/place.ts";
import { useReading, write } from "../../live/reading.ts";
import { Ask } from "../../parts/ask.tsx";
import { Fault } from "../../parts/fault.tsx";
import { useKeys } from "../../shell/keys.ts";
import { writeOf } from "./names.ts";
import { DeleteDialogue, download, TransferDialogue } from "./many-dialogues.tsx";
import { type Chosen, unlockStep } from "./steps.ts";
import type { Pair } from "./value.ts";

/** The actions on a key or a folder. */
export function RowActions({ row, onGone }: { readonly row: Chosen; readonly onGone: () => void }): JSX.Element {
  const open = useSignal<"none" | "copy" | "move" | "delete">("none");
  const fault = useSignal<string | undefined>(undefined);
  const close = (): void => void (open.value = "none");
  useKeys(isReadOnly ? [] : [{ keys: "Delete", does: "delete (asks first)", run: () => (open.value = "delete") }]);
  return (
    <>
      {!isReadOnly && (
        <>
          <button type="button" onClick={() => (open.value = "copy")}>
            Copy to…
          </button>
          <button type="button" onClick={() => (open.value = "move")}>
            Move to…
          </button>
        </>
      )}
      <button type="button" onClick={() => void download([row]).then((text) => (fault.value = text))}>
        Export
      </button>
      {!isReadOnly && (
        <button type="button" class="danger" onClick={() => (open.value = "delete")}>
          Delete
        </button>
      )}
      <Fault isInline>{fault.value}</Fault>
      {(open.value === "copy" || open.value === "move") && (
        <TransferDialogue source={row} isMove={open.value === "move"} onClose={close} />
      )}
      {open.value === "delete" && (
        <DeleteDialogue
          chosen={[row]}
          onClose={close}
          onDone={() => {
            close();
            onGone();
          }}
        />
      )}
    </>
  );
}

interface Session {
  readonly Name: string;
  readonly Node: string;
}

/** The session that holds the key's lock, and the button that takes the lock from it. */
export function Lock({ pair }: { readonly pair: Pair }): JSX.Element | null {
  return pair.Session === undefined ? null : <Held pair={pair} session={pair.Session} />;
}

function Held({ pair, session }: { readonly pair: Pair; readonly session: string }): JSX.Element {
  const info = useReading<readonly Session[]>({ path: `v1/session/info/${session}`, topics: ["sessions"] }).value?.[0];
  const named = info ? `${info.Name || session} on ${info.Node}` : session;
  const operations = unlockStep(pair, session).map((KV) => ({ KV }));
  return (
    <p>
      Locked by the session {named}.{" "}
      <Ask
        button="Unlock"
        title={`Unlock ${pair.Key}?`}
        action={`Take the lock from ${named}`}
        need={writeOf(pair.Key)}
        send={() => write("PUT", "v1/txn", JSON.stringify(operations))}
      >
        <p>
          The program with the session {session} is not told: it may go on as if it had the lock. The value stays as it
          is.
        </p>
      </Ask>
    </p>
  );
}
