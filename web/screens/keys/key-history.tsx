import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import type { KvVersionJson } from "../../../src/wire/kv-history.ts";
import { useReading, write } from "../../live/reading.ts";
import { Ask } from "../../parts/ask.tsx";
import { Age } from "../../parts/time.tsx";
import { useKeys } from "../../shell/keys.ts";
import { DiffView } from "./diff-view.tsx";
import { authorOf, shownOf, type Shown } from "./key-versions.ts";
import { looksSecret, praetorPathOf, writeOf } from "./names.ts";
import type { Pair } from "./value.ts";

interface KeyHistoryProps {
  readonly name: string;
  /** The present value; undefined for a deleted key. */
  readonly pair: Pair | undefined;
}

/** The kept versions of a key: who changed it, when and why; each beside the present value, with the way back. */
export function KeyHistory({ name, pair }: KeyHistoryProps): JSX.Element | null {
  const path = praetorPathOf("kv-history", name);
  const { value } = useReading<readonly KvVersionJson[]>({ path, topics: [`key:${name}`], isBackground: true });
  const isShown = useSignal(!looksSecret(name));
  const chosen = useSignal<number | undefined>(undefined);
  const versions = value ?? [];
  // The keys are added once, and act on the versions of the moment.
  const latest = useRef(versions);
  latest.current = versions;
  const step = (by: number): void => {
    const from = latest.current.findIndex(({ Index }) => Index === chosen.value);
    chosen.value = latest.current[Math.min(Math.max(from + by, 0), latest.current.length - 1)]?.Index;
  };
  useKeys([
    { keys: "h", does: "the value before the present one", run: () => step(chosen.value === undefined ? 2 : 1) },
    { keys: "[", does: "the version before", run: () => step(1) },
    { keys: "]", does: "the version after", run: () => step(-1) },
  ]);
  if (versions.length < (pair ? 2 : 1)) return null;
  const version = versions.find(({ Index }) => Index === chosen.value);
  return (
    <section aria-label="History">
      <h2>
        History <span class="hint">{versions.length} versions are kept</span>
      </h2>
      <ol class="versions">
        {versions.map((each) => (
          <li key={each.Index}>
            <button
              type="button"
              class="quiet"
              aria-pressed={each.Index === chosen.value}
              onClick={() => (chosen.value = each.Index === chosen.value ? undefined : each.Index)}
            >
              {each.Index}
            </button>{" "}
            {each.Means ?? each.Operation} {each.Origin !== each.Means && <span class="hint">{each.Origin}</span>}{" "}
            {each.Time !== undefined && <Age atMs={Date.parse(each.Time)} />} <span class="hint">{authorOf(each)}</span>
            {each.Reason !== undefined && <span class="reason">{each.Reason}</span>}
          </li>
        ))}
      </ol>
      {version && !isShown.value && (
        <button type="button" onClick={() => (isShown.value = true)}>
          Show the values
        </button>
      )}
      {version && isShown.value && <Compared {...{ name, version, pair }} shown={shownOf(version, pair)} />}
    </section>
  );
}

interface ComparedProps extends KeyHistoryProps {
  readonly version: KvVersionJson;
  readonly shown: Shown;
}

function Compared({ name, version, pair, shown }: ComparedProps): JSX.Element {
  const { Index: index, Operation: operation } = version;
  const rollBack = `${praetorPathOf("kv-rollback", name)}?to=${version.ModifyIndex ?? index}`;
  const seen = pair ? `&cas=${pair.ModifyIndex}` : "";
  const difference =
    "bytes" in shown ? (
      <p class="hint">{shown.bytes}</p>
    ) : (
      <DiffView from={shown.present} to={shown.past} label={`From now to index ${index}`} />
    );
  return (
    <>
      {difference}
      {operation === "set" && !shown.isPresent && (
        <p class="tools">
          <Ask
            button={`Roll back to index ${index}`}
            title={`Roll ${name} back to index ${index}?`}
            action={`Roll back ${name}`}
            need={writeOf(name)}
            send={() => write("PUT", rollBack + seen)}
          >
            {difference}
            <p>The lines with + come back, those with - go. The present value stays in the history.</p>
          </Ask>
        </p>
      )}
    </>
  );
}
