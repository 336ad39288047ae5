import type { JSX } from "preact";
import { Dialogue } from "../parts/dialogue.tsx";
import { dialogue } from "./dialogues.ts";
import { type Key, screenKeys } from "./keys.ts";
import { LettersSwitch } from "./letters-switch.tsx";

/** The keyboard map, from the table that the page follows. */
export function Help({ keys }: { readonly keys: readonly Key[] }): JSX.Element {
  return (
    <Dialogue title="Keys" onClose={() => (dialogue.value = "none")}>
      <dl class="keys">
        {[...keys, ...screenKeys.value].map((key) => (
          <div key={key.keys}>
            <dt>
              {key.keys.split(" ").map((each) => (
                <kbd key={each}>{each}</kbd>
              ))}
            </dt>
            <dd>{key.does}</dd>
          </div>
        ))}
      </dl>
      <LettersSwitch />
    </Dialogue>
  );
}
