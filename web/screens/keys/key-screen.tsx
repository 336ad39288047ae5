import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { nowMs } from "../../live/feed.ts";
import { api, isReadOnly } from "../../live/place.ts";
import { useReading, write } from "../../live/reading.ts";
import { isAbsence } from "../../live/request.ts";
import { CopyButton } from "../../parts/copy-button.tsx";
import { Fault } from "../../parts/fault.tsx";
import { trialsTopic } from "../../parts/pending-trials.tsx";
import { Time } from "../../parts/time.tsx";
import { WriteButton } from "../../parts/write-button.tsx";
import { Frame } from "../../shell/frame.tsx";
import { useKeys } from "../../shell/keys.ts";
import { hrefOf, route, setQuery } from "../../shell/router.ts";
import { Crumbs } from "./crumbs.tsx";
import { draftOf, dropDraft } from "./drafts.ts";
import { Lock, RowActions } from "./key-actions.tsx";
import { baseOf } from "./key-edit.ts";
import { KeyEditor } from "./key-editor.tsx";
import { KeyHistory } from "./key-history.tsx";
import { KeyOrigin } from "./key-origin.tsx";
import { apiPathOf, edgexKeyOf, isAddressable, looksSecret, praetorPathOf, writeOf } from "./names.ts";
import { faultOf } from "./transactions.ts";
import { byteLengthOf, bytesOf, editedBytesMax, firstPartOf, hexOf, type Pair, sizeText, textOf } from "./value.ts";

/** A key: its value, and the actions on it. */
export function KeyScreen({ name }: { readonly name: string }): JSX.Element {
  const reading = useReading<readonly Pair[]>({ path: apiPathOf(name), topics: [`key:${name}`, trialsTopic] });
  const isEditing = route.value.query.get("edit") === "1" && !isReadOnly;
  const isGone = isAbsence(reading.failure);
  // A deleted key keeps its last value on the screen, from which it can be restored.
  const last = reading.value?.[0];
  const pair = isGone ? undefined : last;
  const isKnown = isGone || last !== undefined;
  const edit = (isOn: boolean): void => setQuery("edit", isOn ? "1" : "");
  useKeys(isReadOnly ? [] : [{ keys: "e", does: "edit the value", run: () => edit(true) }]);
  const base = baseOf(pair);
  const settled = isGone ? { ...reading, failure: undefined, asOfMs: reading.failedSinceMs ?? 0 } : reading;
  if (!isAddressable(name)) {
    return (
      <Frame title={name} readings={[settled]}>
        <p>
          A browser cannot ask for a key with this name. Use <code>praetor kv get {name}</code>.
        </p>
      </Frame>
    );
  }
  return (
    <Frame title={name} readings={[settled]}>
      <Crumbs name={name} />
      {isGone && !isEditing && (
        <Gone {...{ name, last }} index={reading.failure?.index ?? 0} onCreate={() => edit(true)} />
      )}
      {isKnown && isEditing && base && <KeyEditor {...{ name, base, pair }} onClose={() => edit(false)} />}
      {pair && !(isEditing && base) && <View {...{ pair, onEdit: () => edit(true) }} />}
    </Frame>
  );
}

interface GoneProps {
  readonly name: string;
  /** The last value that this page has seen. */
  readonly last: Pair | undefined;
  /** The index of the deletion, as far as the agent knows it. */
  readonly index: number;
  readonly onCreate: () => void;
}

/** A key that does not exist, or was deleted while it was on the screen. */
function Gone({ name, last, index, onCreate }: GoneProps): JSX.Element {
  const fault = useSignal<string | undefined>(undefined);
  if (!last) {
    return (
      <>
        <div class="bar gone" data-state="gone">
          <p>There is no key {JSON.stringify(name)}.</p>
          <WriteButton need={writeOf(name)} onClick={onCreate}>
            Create it
          </WriteButton>
        </div>
        <KeyHistory key={name} name={name} pair={undefined} />
      </>
    );
  }
  const restore = async (): Promise<void> => {
    fault.value = faultOf(await write("PUT", `${apiPathOf(name)}?cas=0&flags=${last.Flags}`, bytesOf(last)));
  };
  return (
    <>
      <div class="bar gone" data-state="gone">
        <p>The key was deleted at index {index}. This is the last value that was seen here.</p>
        <WriteButton need={writeOf(name)} onClick={() => void restore()}>
          Restore
        </WriteButton>
      </div>
      <Fault>{fault.value}</Fault>
      <Value pair={last} />
      <KeyHistory key={name} name={name} pair={undefined} />
    </>
  );
}

interface ViewProps {
  readonly pair: Pair;
  readonly onEdit: () => void;
}

function View({ pair, onEdit }: ViewProps): JSX.Element {
  const bytes = byteLengthOf(pair);
  const why =
    bytes > editedBytesMax ? `it has ${sizeText(bytes)}, more than ${sizeText(editedBytesMax)}` : whyBinary(pair);
  return (
    <>
      <Facts pair={pair} />
      <KeyOrigin name={pair.Key} />
      <DraftBar name={pair.Key} onEdit={onEdit} />
      <div class="tools">
        <WriteButton
          need={writeOf(pair.Key)}
          hindrance={why && `The value cannot be edited here: ${why}. An import can replace it.`}
          onClick={onEdit}
        >
          Edit
        </WriteButton>
        <RowActions row={{ name: pair.Key, kind: "key" }} onGone={() => {}} />
      </div>
      <Lock pair={pair} />
      <Value pair={pair} />
      <KeyHistory key={pair.Key} name={pair.Key} pair={pair} />
    </>
  );
}

function whyBinary(pair: Pair): string | undefined {
  return textOf(bytesOf(pair)) === undefined ? "it is no text (UTF-8)" : undefined;
}

function DraftBar({ name, onEdit }: { readonly name: string; readonly onEdit: () => void }): JSX.Element | null {
  const isDropped = useSignal(false);
  const draft = isDropped.value || isReadOnly ? undefined : draftOf(name);
  if (!draft) return null;
  return (
    <div class="bar stale">
      <p>
        You have a draft from <Time atMs={draft.atMs} nowMs={nowMs.value} />, which is not saved.
      </p>
      <button type="button" onClick={onEdit}>
        Go on editing
      </button>
      <button
        type="button"
        onClick={() => {
          dropDraft(name);
          isDropped.value = true;
        }}
      >
        Discard the draft
      </button>
    </div>
  );
}

function Facts({ pair }: { readonly pair: Pair }): JSX.Element {
  const edgex = edgexKeyOf(pair.Key);
  const watchers = useReading<{ readonly Watchers: number }>({
    path: praetorPathOf("watchers", pair.Key),
    topics: [`key:${pair.Key}`],
    isBackground: true,
  }).value?.Watchers;
  return (
    <>
      <p class="hint">
        {sizeText(byteLengthOf(pair))} · index {pair.ModifyIndex} · created at index {pair.CreateIndex}
        {pair.Flags !== 0 && ` · flags ${pair.Flags}`}
        {watchers !== undefined && (
          <span title="Blocking queries for the key or a folder above it; an open page like this one has one too">
            {` · ${watchers} ${watchers === 1 ? "request waits" : "requests wait"} for a change`}
          </span>
        )}{" "}
        ·{" "}
        <a href={`${api.pathname}${apiPathOf(pair.Key)}?raw`} target="_blank" rel="noreferrer">
          Raw
        </a>
      </p>
      {edgex && (
        <p>
          Setting <code>{edgex.setting}</code> of the EdgeX service{" "}
          <a href={hrefOf(`/services/${encodeURIComponent(edgex.service)}`)}>{edgex.service}</a>.{" "}
          {edgex.isLive ? (
            <strong class="passing">Live: the service takes it without a restart.</strong>
          ) : (
            "The service takes it when it starts again."
          )}
        </p>
      )}
    </>
  );
}

/** The value as text, or as bytes if it is none; a secret only on demand, and of a large one the first part. */
function Value({ pair }: { readonly pair: Pair }): JSX.Element {
  const isShown = useSignal(!looksSecret(pair.Key));
  const isWhole = useSignal(false);
  if (!isShown.value) {
    return (
      <p>
        <code>••••••••</code>{" "}
        <button type="button" onClick={() => (isShown.value = true)}>
          Show the value
        </button>
      </p>
    );
  }
  const bytes = bytesOf(pair);
  const text = textOf(bytes);
  const part = isWhole.value ? bytes : firstPartOf(bytes);
  return (
    <>
      {part.length < bytes.length && (
        <p>
          The first {sizeText(part.length)} of {sizeText(bytes.length)}.{" "}
          <button type="button" onClick={() => (isWhole.value = true)}>
            Show all
          </button>
        </p>
      )}
      {text === undefined && <p class="hint">The value is no text (UTF-8): these are its bytes.</p>}
      <div class="output">
        <pre class="value" tabIndex={0} aria-label="Value">
          {text === undefined ? hexOf(part) : (textOf(part) ?? "")}
        </pre>
        <CopyButton text={text ?? hexOf(bytes)} thing="the value" />
      </div>
    </>
  );
}
