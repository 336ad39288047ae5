import { jsonOf, unexpectedStatus } from "../../client/http.ts";
import { OperatingError } from "../../lib/errors.ts";
import { attempting, type AgentApi } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import { rowsOf } from "../../client/json-row.ts";

/** A kind of object: its word in error texts, the path of its list, and the field that identifies it. */
export interface ObjectKind {
  readonly word: string;
  readonly list: string;
  readonly idField: "ID" | "AccessorID";
}

export const tokenKind: ObjectKind = { word: "token", list: "/v1/acl/tokens", idField: "AccessorID" };
export const policyKind: ObjectKind = { word: "policy", list: "/v1/acl/policies", idField: "ID" };
export const roleKind: ObjectKind = { word: "role", list: "/v1/acl/roles", idField: "ID" };
export const bindingRuleKind: ObjectKind = { word: "rule", list: "/v1/acl/binding-rules", idField: "ID" };

const anonymousId = "00000000-0000-0000-0000-000000000002";
const idLength = 36;

/**
 * Completes the beginning of an id; "anonymous" is the accessor of the anonymous token. A whole id is not looked up.
 * @throws CommandFailure if no object's id begins so, or several do; OperatingError if the list cannot be read
 */
export async function wholeId(api: AgentApi, kind: ObjectKind, given: string): Promise<string> {
  if (kind === tokenKind && given === "anonymous") return anonymousId;
  if (given.length === idLength) return given;
  const ids = rowsOf(await api.json(kind.list)).map((row) => row.text(kind.idField));
  const [id, ...more] = ids.filter((each) => each.startsWith(given));
  if (id === undefined) throw new CommandFailure(`No such ${kind.word} ID with prefix: ${given}`);
  if (more.length > 0) throw new CommandFailure(`Partial ${kind.word} ID is not unique`);
  return id;
}

/** Returns the id of the object with this name. @throws CommandFailure if no object has it; OperatingError */
async function idOfName(api: AgentApi, kind: ObjectKind, name: string): Promise<string> {
  const row = rowsOf(await api.json(kind.list)).find((each) => each.text("Name") === name);
  if (row === undefined) throw new CommandFailure(`No such ${kind.word} with name ${name}`);
  return row.text("ID");
}

/** Completes an id, with "Error determining policy ID: " before the text of an error. */
export function determinedId(
  api: AgentApi,
  kind: ObjectKind,
  given: string,
  what: string = kind.word,
): Promise<string> {
  return explained(`Error determining ${what} ID`, () => wholeId(api, kind, given));
}

/** Returns the id that the flags -id or -name, the first that is not empty, stand for. */
export function idOfFlags(
  api: AgentApi,
  kind: ObjectKind,
  { id, name }: { readonly id: string; readonly name: string },
): Promise<string> {
  return explained(`Error determining ${kind.word} ID`, () =>
    id === "" ? idOfName(api, kind, name) : wholeId(api, kind, id),
  );
}

/** Runs `ask`, with `what` and a colon before the text of any error that a user can cause. */
export async function explained<T>(what: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof CommandFailure || error instanceof OperatingError)
      throw new CommandFailure(`${what}: ${error.message}`);
    throw error;
  }
}

/**
 * Reads an object that may be absent; resolves with undefined for an answer 404.
 * @throws CommandFailure with `what` before the text of any other failure
 */
export async function readIfPresent(api: AgentApi, path: string, what: string): Promise<unknown> {
  const answer = await attempting(what, () => api.request({ path }));
  if (answer.status === 404) return undefined;
  if (answer.status !== 200) throw new CommandFailure(`${what}: ${unexpectedStatus(answer).message}`);
  return jsonOf(answer);
}
