import { type Signal, signal } from "@preact/signals";

/** The dialogue of the shell that is open. */
export const dialogue: Signal<"none" | "help" | "log-in"> = signal("none");
