import { signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { KvTrialJson, KvTrialServiceJson } from "../../src/wire/kv-trial.ts";
import { indexes, nowMs } from "../live/feed.ts";
import { useReading, write } from "../live/reading.ts";
import { Fault } from "./fault.tsx";
import { StatusMark } from "./status.tsx";
import { distance } from "./time.tsx";
import { WriteButton } from "./write-button.tsx";

/** The topic of the list of trials. A screen that shows them names it with one of its own readings, so that it costs no request. */
export const trialsTopic = "trials";

/** The changes of keys that are on trial. The list is asked for only if there was ever a trial: its index is 1 before. */
export function PendingTrials(): JSX.Element | null {
  return isKnown.value && (indexes.value[trialsTopic] ?? 0) > 1 ? <Listed /> : null;
}

/** Whether the agent may know trials; a Consul does not. */
const isKnown = signal(true);

function Listed(): JSX.Element {
  const { value = [], failure } = useReading<readonly KvTrialJson[]>({
    ...{ path: "v1/praetor/kv-trials", topics: [trialsTopic], isBackground: true },
  });
  useEffect(() => {
    if (failure?.kind === "gone") isKnown.value = false;
  }, [failure]);
  const pending = value.filter(({ Outcome }) => Outcome === "pending");
  return (
    <>
      {pending.map((trial) => (
        <Pending key={trial.ID} listed={trial} />
      ))}
    </>
  );
}

/** One trial: its author, the time that is left, the health of its services, and the buttons that end it. */
function Pending({ listed }: { readonly listed: KvTrialJson }): JSX.Element {
  const { value: trial = listed } = useReading<KvTrialJson>({
    ...{ path: `v1/praetor/kv-trial/${listed.ID}`, topics: [trialsTopic, "health"], isBackground: true },
  });
  const fault = useSignal<string | undefined>(undefined);
  const { ID, Confirm, Keys, Reason = "", Services, Stage, Stages } = trial;
  const need = { resource: "key", access: "write", segment: Keys[0]?.Key ?? "" } as const;
  const end = async (how: "confirm" | "undo"): Promise<void> => {
    const outcome = await write("PUT", `v1/praetor/kv-trial-${how}/${ID}`);
    fault.value = "failure" in outcome ? outcome.failure.text : undefined;
  };
  return (
    <section class="card trial" aria-label="Changes on trial" data-trial={ID}>
      <p>
        <strong>{Keys.length === 1 ? Keys[0]?.Key : `${Keys.length} keys`} on trial</strong>
        {Stages > 1 && `, stage ${Stage} of ${Stages}`}, by {authorOf(trial)}
        {Reason !== "" && `: ${Reason}`}. {clockOf(trial, nowMs.value)}
      </p>
      <ul>
        {Services.map((service) => (
          <li key={service.Service}>
            <Watched {...service} />
          </li>
        ))}
      </ul>
      <p class="tools">
        {Confirm && (
          <WriteButton
            {...{ need, hindrance: Stage < Stages ? "Its last stage is not on trial yet." : undefined }}
            onClick={() => void end("confirm")}
          >
            Keep
          </WriteButton>
        )}
        <WriteButton need={need} onClick={() => void end("undo")}>
          Undo
        </WriteButton>
      </p>
      <Fault>{fault.value}</Fault>
    </section>
  );
}

function Watched({ Service, Status, CheckID, Node }: KvTrialServiceJson): JSX.Element {
  return (
    <>
      {Status !== undefined && <StatusMark status={Status === "absent" ? "critical" : Status} />} {Service}
      {Status === "absent" && ": no instance"}
      {CheckID !== undefined && `: ${CheckID} on ${Node}`}
    </>
  );
}

function authorOf({ By }: KvTrialJson): string {
  return By.Token || By.AccessorID || [By.Client, By.Address].filter((part) => part !== "").join(" ") || "the agent";
}

/** Returns the end as a sentence. If the clocks of agent and browser differ by more than the whole time, it has no countdown. */
function clockOf({ Confirm, EndsAt = "", Stage, StageMs, Stages }: KvTrialJson, now: number): string {
  const next =
    Stage < Stages
      ? "the next stage, if all pass"
      : Confirm
        ? "it is undone unless you keep it"
        : "it is kept if all pass";
  const leftMs = Date.parse(EndsAt) - now;
  const isTrue = leftMs > -5_000 && leftMs <= StageMs + 5_000;
  return isTrue ? `In ${distance(leftMs)}: ${next}.` : `After ${distance(StageMs)}: ${next}.`;
}
