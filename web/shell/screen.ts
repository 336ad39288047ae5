import type { ComponentType } from "preact";

/** A screen of the table in screens/screens.ts. */
export interface Screen {
  /** The path below the UI's folder, with variables as `matchPath` takes them: "/services/:name", "/keys/*name". */
  readonly pattern: string;
  /** The title in the menu, in the page's title, and above the screen. */
  readonly title: string;
  /** The letter that opens the screen after `g`. A screen without it, such as that of one service, is not in the menu. */
  readonly key?: string;
  /** Loads the component, which gets the variable parts of the path. */
  readonly load: () => Promise<ComponentType<ScreenProps>>;
}

export interface ScreenProps {
  /** The variable parts of the path by name, decoded. */
  readonly params: Readonly<Record<string, string>>;
}
