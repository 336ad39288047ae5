import type { Service } from "../model/service.ts";
import { kvEntry } from "../registry/kv.ts";
import type { Registry } from "../registry/registry.ts";
import type { Ledger } from "./ledger.ts";
import type { CallbackTarget } from "./port-callbacks.ts";

const metaName = "edgex-notify-url";
/** Key below a service's configuration that names the path of its callback; services of EdgeX's first releases set it. */
const pathKey = "config.notification.path";

/**
 * Returns the request by which the agent tells a service its new port. The service's registration or its configuration names
 * the URL; returns undefined if neither does.
 */
export function callbackTargetOf(
  service: Service,
  { store, ledger, nodeAddress }: { readonly store: Registry; readonly ledger: Ledger; readonly nodeAddress: string },
): CallbackTarget | undefined {
  const url = httpUrl(service.meta?.[metaName] ?? "");
  if (url !== undefined) return { method: "POST", url };
  for (const { base } of ledger.storedOf(service.id)) {
    const entry = store.read(kvEntry(base + pathKey));
    const path = entry && new TextDecoder().decode(entry.value).trim();
    if (!path?.startsWith("/")) continue;
    const host = service.address || nodeAddress;
    const asked = httpUrl(`http://${host.includes(":") ? `[${host}]` : host}:${service.port}${path}`);
    if (asked !== undefined) return { method: "GET", url: asked };
  }
  return undefined;
}

function httpUrl(text: string): string | undefined {
  const url = URL.parse(text);
  return url?.protocol === "http:" || url?.protocol === "https:" ? url.href : undefined;
}
