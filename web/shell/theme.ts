import { effect, type Signal, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";

const storageKey = "praetor-theme";
export const themes: readonly Theme[] = ["system", "light", "dark"];

/** The user's theme, kept in this browser. */
export const theme: Signal<Theme> = signal(
  themes.find((each) => each === localStorage.getItem(storageKey)) ?? "system",
);

export function nextTheme(): void {
  theme.value = themes[(themes.indexOf(theme.peek()) + 1) % themes.length] ?? "system";
}

/** Shows the theme, and keeps it. The page calls it once. */
export function startTheme(): void {
  effect(() => {
    document.documentElement.dataset["theme"] = theme.value;
    if (theme.value === "system") localStorage.removeItem(storageKey);
    else localStorage.setItem(storageKey, theme.value);
  });
}
