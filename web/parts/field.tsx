import type { JSX, TargetedInputEvent } from "preact";
import { useId } from "preact/hooks";

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly type?: "text" | "password";
  /** The sentence below the field. */
  readonly hint?: string;
  /** The fault of the value; undefined for a good one. */
  readonly fault?: string | undefined;
  readonly autocomplete?: string;
}

/** A labelled field; hint and fault are tied to it for screen readers. */
export function Field({ label, value, onValue, type = "text", hint, fault, autocomplete }: FieldProps): JSX.Element {
  const id = useId();
  const shared = {
    ...{ id, value, autocomplete: autocomplete ?? "off" },
    "aria-invalid": fault !== undefined,
    "aria-describedby": `${id}-hint ${id}-fault`,
    onInput: ({ currentTarget }: TargetedInputEvent<HTMLInputElement>) => onValue(currentTarget.value),
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {type === "password" ? <input type="password" {...shared} /> : <input type="text" {...shared} />}
      <p id={`${id}-hint`} class="hint">
        {hint}
      </p>
      <p id={`${id}-fault`} class="fault" role="alert">
        {fault}
      </p>
    </div>
  );
}
