import type { JSX } from "preact";
import { CopyButton } from "./copy-button.tsx";

interface EmptyProps {
  /** The sentence on what will be here. */
  readonly text: string;
  /** The one command that fills the screen. */
  readonly command: string;
}

/** The state of a screen without data: its purpose, and the command that fills it. */
export function Empty({ text, command }: EmptyProps): JSX.Element {
  return (
    <div class="empty">
      <p>{text}</p>
      <pre>{command}</pre>
      <CopyButton text={command} thing="the command" />
    </div>
  );
}
