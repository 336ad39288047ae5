import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";
import type { Need } from "../live/need.ts";
import { isReadOnly } from "../live/place.ts";
import { hindranceOf } from "./state-bar.tsx";

interface WriteButtonProps {
  readonly onClick: () => void;
  readonly children: ComponentChildren;
  /** The right that the write needs. Without it the button is disabled, and says why. */
  readonly need?: Need | undefined;
  /** Why the write is not possible now, besides a missing right or connection. */
  readonly hindrance?: string | undefined;
  /** The name by which a shortcut finds the button. */
  readonly name?: string;
}

/** A button that changes something, or asks before it. Where browsers may only read, nothing stands in its place. */
export function WriteButton({ onClick, children, need, hindrance: own, name }: WriteButtonProps): JSX.Element | null {
  const id = useId();
  if (isReadOnly) return null;
  const hindrance = hindranceOf(need) ?? own;
  const isHindered = hindrance !== undefined;
  return (
    <>
      <button
        type="button"
        data-write={name ?? ""}
        disabled={isHindered}
        title={hindrance}
        aria-describedby={isHindered ? id : undefined}
        onClick={onClick}
      >
        {children}
      </button>
      {isHindered && (
        <span id={id} class="hint">
          {" "}
          {hindrance}
        </span>
      )}
    </>
  );
}
