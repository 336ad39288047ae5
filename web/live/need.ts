/* The rights that requests need, in the words of policies: "key:write on edgex/". */

export interface Need {
  readonly resource: "acl" | "agent" | "event" | "key" | "node" | "operator" | "query" | "service" | "session";
  readonly access: "read" | "list" | "write";
  /** The name of what is read or written; undefined for resources without names. */
  readonly segment?: string;
}

export function textOfNeed({ resource, access, segment }: Need): string {
  return `${resource}:${access}${segment === undefined || segment === "" ? "" : ` on ${segment}`}`;
}

/**
 * Returns what a request needs, for the text of a denial, as the agent's own text is "Permission denied" alone; undefined where the
 * address does not tell, as with names of services that only the agent knows.
 */
export function needOf({
  path,
  method = "GET",
}: {
  readonly path: string;
  readonly method?: string;
}): Need | undefined {
  const [place = "", query = ""] = path.split("?");
  const access = method === "GET" ? "read" : "write";
  if (place.startsWith(keys)) {
    const segment = decodeURIComponent(place.slice(keys.length));
    return {
      resource: "key",
      access: access === "read" && /(?:^|&)(?:keys|recurse)\b/.test(query) ? "list" : access,
      segment,
    };
  }
  if (place.startsWith("v1/snapshot")) return { resource: "acl", access: "write" };
  if (place.startsWith("v1/operator/") || place === "v1/agent/host") return { resource: "operator", access };
  if (/^v1\/agent\/(?:self|metrics|monitor|reload|leave)$/.test(place)) return { resource: "agent", access };
  return place.startsWith("v1/acl/") ? { resource: "acl", access } : undefined;
}

const keys = "v1/kv/";
