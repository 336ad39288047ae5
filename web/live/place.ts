/*
 * Addresses. The agent writes into index.html how far up from the page's own address the UI and the API are, so nothing here
 * knows at which path a proxy shows them.
 */

/** Returns the absolute URL of an address that index.html has in a data attribute, relative to the page as it was loaded. */
function placeOf(name: "root" | "api"): URL {
  return new URL(document.documentElement.dataset[name] ?? "./", loadedAt);
}

/** The page's address as it was loaded. The History API changes the present address later. */
const loadedAt = document.baseURI;

/** The UI's folder; its path ends in a slash. */
export const root: URL = placeOf("root");

/** The folder that contains `v1/`. */
export const api: URL = placeOf("api");

/** The script of the shared worker. */
export const workerUrl: URL = new URL(document.documentElement.dataset["worker"] ?? "", root);

/** Whether the agent refuses every change that a browser asks for, so that the page shows none. */
export const isReadOnly: boolean = document.documentElement.dataset["readOnly"] === "true";

/** The version of Praetor whose page this is. */
export const pageVersion: string = document.documentElement.dataset["version"] ?? "";
