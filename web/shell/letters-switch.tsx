import type { JSX } from "preact";
import { hasLetters, setLetters } from "./keys.ts";

/** Switches the shortcuts of single letters on and off. */
export function LettersSwitch(): JSX.Element {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={hasLetters.value}
        onChange={({ currentTarget }) => setLetters(currentTarget.checked)}
      />
      Single letters are shortcuts
    </label>
  );
}
