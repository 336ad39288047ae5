import type { ComponentChildren, JSX } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";

interface DialogueProps {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly onClose: () => void;
  /** The label of the safe button, which has the first focus; default "Close". */
  readonly closeLabel?: string;
}

/**
 * A modal dialogue. It is open as long as it is rendered; Escape and the safe button close it. The browser then gives the focus back
 * to the element that had it, at once: a page that did so later could take the focus from where the user has moved it since.
 */
export function Dialogue({ title, children, onClose, closeLabel = "Close" }: DialogueProps): JSX.Element {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const shown = ref.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  // The event of a dialogue that was closed since it is rendered no more comes when another may be open.
  return (
    <dialog ref={ref} aria-labelledby={id} onClose={({ currentTarget }) => currentTarget.isConnected && onClose()}>
      <h2 id={id}>{title}</h2>
      {children}
      <p class="buttons">
        <button type="button" autofocus onClick={() => ref.current?.close()}>
          {closeLabel}
        </button>
      </p>
    </dialog>
  );
}

interface ConfirmProps extends Pick<DialogueProps, "title" | "children" | "onClose"> {
  /** The label of the button that acts: it names the action and its subject, "Deregister web-1". */
  readonly action: string;
  readonly onConfirm: () => void;
  /** Why it cannot be done now; the button is then disabled. */
  readonly hindrance?: string | undefined;
}

/** A dialogue before something is changed: the first focus is on Cancel, and the other button says what it does. */
export function Confirm({ title, children, action, onConfirm, onClose, hindrance }: ConfirmProps): JSX.Element {
  return (
    <Dialogue title={title} onClose={onClose} closeLabel="Cancel">
      {children}
      {hindrance !== undefined && <p class="fault">{hindrance}</p>}
      <p class="buttons">
        <button type="button" class="danger" disabled={hindrance !== undefined} onClick={onConfirm}>
          {action}
        </button>
      </p>
    </Dialogue>
  );
}
