import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { Need } from "../live/need.ts";
import { write } from "../live/reading.ts";
import { Confirm } from "../parts/dialogue.tsx";
import { Fault } from "../parts/fault.tsx";
import { Field } from "../parts/field.tsx";
import { hindranceOf } from "../parts/state-bar.tsx";
import { WriteButton } from "../parts/write-button.tsx";

interface MaintenanceButtonProps {
  /** The instance's id, or the node. */
  readonly thing: string;
  /** The address that changes it: "v1/agent/service/maintenance/web". */
  readonly path: string;
  /** The right to it. */
  readonly need: Need;
  /** The consequences for clients. */
  readonly consequence: string;
  /** The reason of the maintenance that is on; undefined if it is off. */
  readonly reason: string | undefined;
}

/** Takes an instance or a node out of use with a reason, after a question, and brings it back. */
export function MaintenanceButton({ thing, path, need, consequence, reason: on }: MaintenanceButtonProps): JSX.Element {
  const isAsking = useSignal(false);
  const reason = useSignal("");
  const fault = useSignal<string | undefined>(undefined);
  const hindrance = hindranceOf(need);
  const send = async (query: string): Promise<void> => {
    const outcome = await write("PUT", `${path}?${query}`);
    fault.value = "failure" in outcome ? outcome.failure.text : undefined;
    if (fault.value === undefined) isAsking.value = false;
  };
  const faultShown = <Fault>{fault.value}</Fault>;
  if (on !== undefined) {
    return (
      <p>
        In maintenance: {on}{" "}
        <WriteButton need={need} onClick={() => void send("enable=false")}>
          End maintenance
        </WriteButton>
        {faultShown}
      </p>
    );
  }
  return (
    <>
      <WriteButton name={`maintenance ${thing}`} need={need} onClick={() => (isAsking.value = true)}>
        Maintenance
      </WriteButton>
      {isAsking.value && (
        <Confirm
          {...{ title: `Take ${thing} out of use?`, action: `Take ${thing} out of use`, hindrance }}
          onClose={() => (isAsking.value = false)}
          onConfirm={() => void send(`enable=true&reason=${encodeURIComponent(reason.value)}`)}
        >
          <p>{consequence}</p>
          <Field label="Reason" value={reason.value} onValue={(value) => (reason.value = value)} />
          {faultShown}
        </Confirm>
      )}
    </>
  );
}

/** Opens the question about maintenance of this thing, in place of a deregistration. */
export function askMaintenance(thing: string): void {
  document.querySelector<HTMLElement>(`[data-write="${CSS.escape(`maintenance ${thing}`)}"]`)?.click();
}
