import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import type { Need } from "../live/need.ts";
import type { Outcome } from "../live/request.ts";
import { Confirm } from "./dialogue.tsx";
import { Fault } from "./fault.tsx";
import { hindranceOf } from "./state-bar.tsx";
import { WriteButton } from "./write-button.tsx";

interface AskProps {
  /** The label of the button that opens the question. */
  readonly button: string;
  readonly title: string;
  /** The label of the button that acts: it names the action and its subject. */
  readonly action: string;
  /** Sends the write. The question stays open with the agent's text if the agent refuses. */
  readonly send: () => Promise<Outcome>;
  /** The right that the write needs. */
  readonly need?: Need;
  /** The consequences. */
  readonly children: ComponentChildren;
}

/** A button whose write asks first, and says why it was refused. */
export function Ask({ button, title, action, send, need, children }: AskProps): JSX.Element {
  const isAsking = useSignal(false);
  const fault = useSignal<string | undefined>(undefined);
  return (
    <>
      <WriteButton
        need={need}
        onClick={() => {
          fault.value = undefined;
          isAsking.value = true;
        }}
      >
        {button}
      </WriteButton>
      {isAsking.value && (
        <Confirm
          {...{ title, action, hindrance: hindranceOf(need) }}
          onClose={() => (isAsking.value = false)}
          onConfirm={() =>
            void send().then((outcome) => {
              fault.value = "failure" in outcome ? outcome.failure.text : undefined;
              if (fault.value === undefined) isAsking.value = false;
            })
          }
        >
          {children}
          <Fault>{fault.value}</Fault>
        </Confirm>
      )}
    </>
  );
}
