import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { AgentServices } from "../live/answers.ts";
import { useReading, write } from "../live/reading.ts";
import { Confirm } from "../parts/dialogue.tsx";
import { Fault } from "../parts/fault.tsx";
import { Field } from "../parts/field.tsx";
import { hindranceOf } from "../parts/state-bar.tsx";
import { WriteButton } from "../parts/write-button.tsx";
import type { ServiceRow } from "./service-rows.ts";
import type { Selection } from "./use-selection.ts";

interface MaintainSelectedProps {
  readonly selection: Selection;
  readonly rows: readonly ServiceRow[];
}

/** The bar of the selected services: takes their instances of this agent out of use, after a question, or brings them back. */
export function MaintainSelected({ selection, rows }: MaintainSelectedProps): JSX.Element {
  const own = useReading<AgentServices>({ path: "v1/agent/services", topics: ["services"] });
  const reason = useSignal("");
  const faults = useSignal<readonly string[]>([]);
  const chosen = rows.filter(({ name }) => selection.has(name)).map(({ name }) => name);
  const ids = Object.values(own.value ?? {})
    .filter(({ Service }) => selection.has(Service))
    .map(({ ID }) => ID);
  const here = new Set(Object.values(own.value ?? {}).map(({ Service }) => Service));
  const elsewhere = chosen.filter((name) => !here.has(name));
  const hindrance = hindranceOf() ?? own.failure?.text ?? (own.value && ids.length === 0 ? noneHere : undefined);
  const send = async (query: string): Promise<void> => {
    const outcomes = await Promise.all(
      ids.map(async (id) => ({
        id,
        outcome: await write("PUT", `v1/agent/service/maintenance/${encodeURIComponent(id)}?${query}`),
      })),
    );
    faults.value = outcomes.flatMap(({ id, outcome }) =>
      "failure" in outcome ? [`${id}: ${outcome.failure.text}`] : [],
    );
    if (faults.value.length > 0) return;
    selection.ask(false);
    selection.clear();
  };
  const faultsShown = faults.value.map((fault) => <Fault key={fault}>{fault}</Fault>);
  return (
    <div class="bar" role="group" aria-label="Selected services">
      <p>{chosen.length} selected</p>
      <WriteButton onClick={() => selection.ask(true)}>Maintenance</WriteButton>
      <WriteButton hindrance={hindrance} onClick={() => void send("enable=false")}>
        End maintenance
      </WriteButton>
      <button type="button" class="quiet" onClick={() => selection.clear()}>
        Clear
      </button>
      {!selection.isAsking && faultsShown}
      {selection.isAsking && (
        <Confirm
          {...{ title: `Take ${named(ids)} out of use?`, action: `Take ${ids.length} out of use`, hindrance }}
          onClose={() => selection.ask(false)}
          onConfirm={() => void send(`enable=true&reason=${encodeURIComponent(reason.value)}`)}
        >
          <p>Their health becomes critical, so clients stop using them. They go on running, and their checks too.</p>
          {elsewhere.length > 0 && <p>Not of this agent, and left as they are: {elsewhere.join(", ")}.</p>}
          <Field label="Reason" value={reason.value} onValue={(value) => (reason.value = value)} />
          {faultsShown}
        </Confirm>
      )}
    </div>
  );
}

const noneHere = "None of these is registered with this agent: the agent of its node can take it out of use.";
/** Names in a title; more are counted. */
const namedMax = 3;

function named(ids: readonly string[]): string {
  return ids.length <= namedMax
    ? ids.join(", ")
    : `${ids.slice(0, namedMax).join(", ")} and ${ids.length - namedMax} more`;
}
