import { type CannedAgent, startCannedAgent } from "./canned-agent.ts";

export interface KeeperContents {
  /** Values by key, as text. */
  readonly values: Readonly<Record<string, string>>;
  readonly registrations: readonly KeeperRegistration[];
  /** The token that clients must send; undefined if clients need no token. */
  readonly token?: string;
}

export interface KeeperRegistration {
  readonly serviceId: string;
  readonly status: "UP" | "DOWN" | "UNKNOWN" | "HALT";
  readonly host: string;
  readonly port: number;
  readonly HealthCheck: { readonly interval: string; readonly path: string; readonly type: string };
}

/** Starts a read-only imitation of EdgeX's core-keeper 4.0, with the errors, field names and field order of core-keeper. */
export function startCannedKeeper({ values, registrations, token }: KeeperContents): CannedAgent {
  return startCannedAgent(({ target, headers }) => {
    if (token !== undefined && headers.get("Authorization") !== `Bearer ${token}`) return refused(401, "Unauthorized");
    const { pathname, searchParams } = new URL(target, "http://keeper");
    if (pathname === "/api/v3/registry/all") {
      const all = registrations.filter(
        ({ status }) => status !== "HALT" || searchParams.get("deregistered") === "true",
      );
      return answer({
        totalCount: all.length,
        registrations: all.map((each) => ({ created: 1, modified: 2, ...each })),
      });
    }
    const key = decodeURIComponent(/^\/api\/v3\/kvs\/key\/(.*)$/.exec(pathname)?.[1] ?? "");
    const found = Object.entries(values).filter(([name]) => name === key || name.startsWith(`${key}/`));
    if (found.length === 0) return refused(404, `no key starting with '${key}' found`);
    const rows = found.map(([name, value]) => ({ key: name, Created: 1, Modified: 2, value: btoa(value) }));
    return answer({ response: rows });
  });
}

function answer(fields: object): Response {
  return Response.json({ apiVersion: "v3", statusCode: 200, ...fields });
}

function refused(statusCode: number, message: string): Response {
  return Response.json({ apiVersion: "v3", message, statusCode }, { status: statusCode });
}
