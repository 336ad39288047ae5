import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

/** A button that copies a text. @param thing the text's name for screen readers: "the command" */
export function CopyButton({ text, thing }: { readonly text: string; readonly thing: string }): JSX.Element {
  const isCopied = useSignal(false);
  return (
    <button
      type="button"
      class="quiet"
      aria-label={`Copy ${thing}`}
      onClick={() => {
        void copy(text).then((done) => {
          isCopied.value = done;
          setTimeout(() => (isCopied.value = false), 2_000);
        });
      }}
    >
      {isCopied.value ? "Copied" : "Copy"}
    </button>
  );
}

/** Copies a text. Browsers have the clipboard's API only over HTTPS and on localhost; a gateway is often reached otherwise. */
async function copy(text: string): Promise<boolean> {
  if (isSecureContext) {
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  }
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  // oxlint-disable-next-line typescript/no-deprecated -- there is no other way without HTTPS
  const done = document.execCommand("copy");
  field.remove();
  return done;
}
