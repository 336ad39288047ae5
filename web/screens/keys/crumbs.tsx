import type { JSX } from "preact";
import { hrefOf } from "../../shell/router.ts";
import { encodeName, foldersAbove, keyPathOf, lastPartOf } from "./names.ts";

/** Returns the address of the screen of a folder. */
export function folderHref(folder: string): string {
  return hrefOf(`/keys/${encodeName(folder)}`);
}

/** Returns the address of the screen of a key. */
export function keyHref(key: string): string {
  return hrefOf(keyPathOf(key));
}

/** The folders above a key or folder, as links. */
export function Crumbs({ name }: { readonly name: string }): JSX.Element {
  return (
    <p class="crumbs">
      <a href={folderHref("")}>keys</a>
      {foldersAbove(name).map((folder) => (
        <span key={folder}>
          {" / "}
          <a href={folderHref(folder)}>{lastPartOf(folder).slice(0, -1) || '""'}</a>
        </span>
      ))}
    </p>
  );
}
