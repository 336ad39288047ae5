import type { ComponentChildren, JSX } from "preact";

interface FaultProps {
  /** Why something was refused; undefined or "" while nothing was. */
  readonly children: ComponentChildren;
  /** Whether it stands in a row with buttons. */
  readonly isInline?: boolean;
}

/** Says why something was refused. Screen readers read it out as it appears. */
export function Fault({ children, isInline = false }: FaultProps): JSX.Element | null {
  if (children === undefined || children === "") return null;
  const Tag = isInline ? "span" : "p";
  return (
    <Tag class="fault" role="alert">
      {children}
    </Tag>
  );
}
