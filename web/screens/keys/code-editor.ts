import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, foldGutter, HighlightStyle, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { toml } from "@codemirror/legacy-modes/mode/toml";
import { linter, lintGutter, lintKeymap } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { Format } from "./value.ts";

/*
 * The editor for code, CodeMirror. It stands in a shadow root: there its styles are a sheet of the root, which the page's content policy
 * (style-src 'self') allows, while a style element would need a nonce. The keymap has no Tab, so Tab leaves the editor.
 */

interface CodeEditorOptions {
  readonly host: HTMLElement;
  readonly label: string;
  readonly text: string;
  readonly format: Format;
  readonly onText: (text: string) => void;
}

/** Opens the editor in an element that has no content. Returns the function that closes it. */
export function openCodeEditor({ host, label, text, format, onText }: CodeEditorOptions): () => void {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const state = EditorState.create({
    doc: text,
    extensions: [
      ...[lineNumbers(), foldGutter(), history(), drawSelection(), bracketMatching(), highlightActiveLine()],
      ...[highlightSelectionMatches(), EditorView.lineWrapping, lintGutter(), theme, syntaxHighlighting(colours)],
      keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap, ...lintKeymap]),
      EditorView.contentAttributes.of({ "aria-label": label }),
      EditorView.updateListener.of(({ docChanged, state: { doc } }) => {
        if (docChanged) onText(doc.toString());
      }),
      ...languageOf(format),
    ],
  });
  const view = new EditorView({ state, parent: root, root });
  return () => view.destroy();
}

function languageOf(format: Format): readonly Extension[] {
  if (format === "text") return [];
  const checks = linter(async ({ state: { doc } }) => {
    const { faultsOf } = await import("./text-check.ts");
    return faultsOf(format, doc.toString()).map((fault) => ({ ...fault, severity: "error" as const }));
  });
  const language = { json, yaml, toml: () => StreamLanguage.define(toml) }[format];
  return [language(), checks];
}

const theme = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "var(--ground)", border: "1px solid var(--line)", maxHeight: "70vh" },
  "&.cm-focused": { outline: "3px solid var(--focus)" },
  ".cm-scroller": { fontFamily: "ui-monospace, monospace", fontSize: "0.9rem", overflow: "auto" },
  ".cm-content": { caretColor: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters, .cm-panels, .cm-tooltip": { backgroundColor: "var(--raised)", color: "var(--text)" },
  ".cm-activeLine": { backgroundColor: "transparent" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "color-mix(in srgb, var(--link) 30%, transparent)",
  },
});

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--link)" },
  { tag: tags.string, color: "var(--passing)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--warning)" },
  { tag: tags.comment, color: "var(--faint)" },
  { tag: tags.heading, fontWeight: "bold" },
]);
