/* The page's title and icon, so that a tab in the background tells the state. */

interface Seen {
  readonly screen: string;
  readonly node: string | undefined;
  readonly critical: number;
  readonly warning: number;
  readonly isLost: boolean;
}

/** Returns the page's title: "critical (2) · Services · gateway-7". */
function titleOf({ screen, node, critical, warning, isLost }: Seen): string {
  const worst = critical > 0 ? `critical (${critical})` : warning > 0 && `warning (${warning})`;
  const parts = [isLost ? "no answer" : worst, screen, node];
  return parts.filter((part) => typeof part === "string").join(" · ");
}

/** Sets the title and icon of the page. */
export function showTitle(seen: Seen): void {
  document.title = titleOf(seen);
  const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (icon) icon.href = `data:image/svg+xml,${encodeURIComponent(iconOf(seen))}`;
}

function iconOf({ critical, warning, isLost }: Seen): string {
  const shape = isLost
    ? '<circle cx="8" cy="8" r="6" fill="none" stroke="#777" stroke-width="3"/>'
    : critical > 0
      ? '<rect x="1" y="1" width="14" height="14" fill="#c62828"/>'
      : warning > 0
        ? '<path d="M8 1 15.5 15H.5Z" fill="#b26a00"/>'
        : '<circle cx="8" cy="8" r="7" fill="#1b7f3b"/>';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">${shape}</svg>`;
}
