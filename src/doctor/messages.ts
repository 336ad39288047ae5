import type { Failure } from "../lib/errors.ts";
import type { HttpRequest } from "../client/http.ts";
import type { ReportJson } from "./examine.ts";

/*
 * The messages between an agent and the thread that examines it. The agent sends `examine` once. The thread asks by `request`, any
 * number of times and also several at once, and the agent answers each with `answer` of the same number. Last the thread sends `report`
 * or `refused`.
 */

export type ToWorker =
  | { readonly kind: "examine"; readonly url: string }
  | {
      readonly kind: "answer";
      readonly number: number;
      readonly status: number;
      readonly headers: readonly (readonly [string, string])[];
      readonly body: Uint8Array;
    };

export type FromWorker =
  | { readonly kind: "request"; readonly number: number; readonly request: HttpRequest }
  | { readonly kind: "report"; readonly report: ReportJson }
  | { readonly kind: "refused"; readonly failure: Failure };
