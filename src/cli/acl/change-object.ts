import { jsonOf } from "../../client/http.ts";
import { attempting, type ApiCall } from "../api-command.ts";

/**
 * Writes an object of access control; resolves with it as it is stored.
 * @param failing the words before an error's text: "Failed to create new token"
 * @throws CommandFailure
 */
export async function writeObject({ api }: ApiCall, path: string, body: unknown, failing: string): Promise<unknown> {
  const request = { method: "PUT", path, body: JSON.stringify(body) } as const;
  return jsonOf(await attempting(failing, () => api.ok(request)));
}

/**
 * Deletes an object of access control, and says so.
 * @param what its kind: "auth method"
 * @throws CommandFailure
 */
export async function deleteObject(
  { api, io }: ApiCall,
  { what, path, id }: { readonly what: string; readonly path: string; readonly id: string },
): Promise<void> {
  const quoted = JSON.stringify(id);
  await attempting(`Error deleting ${what} ${quoted}`, () =>
    api.ok({ method: "DELETE", path: `${path}${encodeURIComponent(id)}` }),
  );
  const title = `${what.slice(0, 1).toUpperCase()}${what.slice(1)}`;
  io.stdout(`${title} ${quoted} deleted successfully\n`);
}
