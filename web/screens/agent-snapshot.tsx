import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { api } from "../live/place.ts";
import { write } from "../live/reading.ts";
import { askFile } from "../live/request.ts";
import { token } from "../live/session.ts";
import { Confirm } from "../parts/dialogue.tsx";
import { Fault } from "../parts/fault.tsx";
import { Field } from "../parts/field.tsx";
import { sizeOf } from "../parts/size.ts";
import { hindranceOf } from "../parts/state-bar.tsx";
import { WriteButton } from "../parts/write-button.tsx";

const path = "v1/snapshot";
const need = { resource: "acl", access: "write" } as const;

/** Saves a snapshot of all data as a file of the browser's machine. */
export function SaveButton({ node }: { readonly node: string }): JSX.Element {
  const isAsking = useSignal(false);
  const fault = useSignal("");
  const save = async (): Promise<void> => {
    isAsking.value = true;
    fault.value = "";
    const outcome = await askFile({ api: api.href, path, token: token.peek() });
    isAsking.value = false;
    if ("failure" in outcome) fault.value = outcome.failure.text;
    else saveAs(outcome.file, `${node}-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.snap`);
  };
  return (
    <>
      <button type="button" disabled={isAsking.value} onClick={() => void save()}>
        Save a snapshot
      </button>
      <Fault isInline>{fault.value}</Fault>
    </>
  );
}

/** Hands a file to the browser, which asks where to or puts it among its downloads. */
function saveAs(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // The browser has begun to read the file by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Replaces all data by a snapshot, after two questions. */
export function RestoreButton({ node }: { readonly node: string }): JSX.Element {
  const chosen = useSignal<File | undefined>(undefined);
  const isSure = useSignal(false);
  const typed = useSignal("");
  const result = useSignal("");
  const fault = useSignal("");
  const input = useRef<HTMLInputElement>(null);
  const close = (): void => {
    chosen.value = undefined;
    isSure.value = false;
    typed.value = "";
    fault.value = "";
    if (input.current) input.current.value = "";
  };
  const restore = async (file: File): Promise<void> => {
    const outcome = await write("PUT", path, file);
    if ("failure" in outcome) return void (fault.value = outcome.failure.text);
    result.value = `Restored ${file.name}.`;
    close();
  };
  const file = chosen.value;
  return (
    <>
      <WriteButton need={need} onClick={() => input.current?.click()}>
        Restore a snapshot
      </WriteButton>
      <input
        ref={input}
        type="file"
        hidden
        aria-label="Snapshot"
        onChange={({ currentTarget }) => {
          result.value = "";
          chosen.value = currentTarget.files?.[0];
        }}
      />{" "}
      <span role="status">{result.value}</span>
      {file && !isSure.value && (
        <Confirm
          title={`Replace all data by ${file.name}?`}
          action="Go on"
          hindrance={hindranceOf(need)}
          onClose={() => !isSure.peek() && close()}
          onConfirm={() => (isSure.value = true)}
        >
          <Consequences {...{ file, node }} />
        </Confirm>
      )}
      {file && isSure.value && (
        <Confirm
          title={`Replace the data of ${node}?`}
          action={`Replace the data of ${node}`}
          hindrance={hindranceOf(need) ?? (typed.value === node ? undefined : `Type ${node} to go on.`)}
          onClose={close}
          onConfirm={() => void restore(file)}
        >
          <Field label="Name of the node" value={typed.value} onValue={(value) => (typed.value = value)} />
          <Fault>{fault.value}</Fault>
        </Confirm>
      )}
    </>
  );
}

function Consequences({ file, node }: { readonly file: File; readonly node: string }): JSX.Element {
  return (
    <>
      <p>
        {file.name} has {sizeOf(file.size)}, and is from {new Date(file.lastModified).toLocaleString()}.
      </p>
      <ul>
        <li>All keys, services, nodes, checks, sessions and queries become those of the snapshot.</li>
        <li>Tokens, policies, roles and users too: you and the programs may have to log in with those of that time.</li>
        <li>
          What was written since then is lost. Save a snapshot first. Services of {node} register again by themselves.
        </li>
      </ul>
    </>
  );
}
