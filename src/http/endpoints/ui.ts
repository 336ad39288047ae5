import type { Agent } from "../../agent/agent.ts";
import { worstStatus, type CheckStatus } from "../../model/check.ts";
import { reasonOf } from "../../model/check-reason.ts";
import * as catalog from "../../registry/catalog.ts";
import type { CheckOutputs } from "../../registry/check-outputs.ts";
import { serviceHealth, type CheckedInstance } from "../../registry/health.ts";
import { kvKeys } from "../../registry/kv.ts";
import type { Registry } from "../../registry/registry.ts";
import { moved } from "../answers.ts";
import { escapeHtml, page, table } from "../html.ts";
import type { Endpoint } from "../route.ts";

export interface UiParts {
  readonly outputs: CheckOutputs;
  readonly agent: Pick<Agent, "node">;
  readonly datacenter: string;
}

/** Maximum number of keys on the page, since more would not be readable. */
const keysMax = 500;
/** Maximum number of characters of a check's output on the page; the output's beginning usually names the cause. */
const reasonMax = 300;

/** Serves the built-in page, which shows services with their health, and keys. It has no script. */
export function showOverview(parts: UiParts): Endpoint {
  return ({ caller }) => {
    const services = listServices(caller.registry);
    const keys = caller.registry.read(kvKeys("", ""));
    const body = [
      `<h1>Praetor <small>${escapeHtml(parts.agent.node.name)} &middot; ${escapeHtml(parts.datacenter)}</small></h1>`,
      `<h2>Services (${services.length})</h2>`,
      table(
        ["Service", "Status", "Instances", "Tags", "What the checks say"],
        services.map((service) => serviceCells(parts, service)),
      ),
      `<h2>Keys (${keys.length})</h2>`,
      table(
        ["Key"],
        keys.slice(0, keysMax).map((key) => [keyLink(key)]),
      ),
      keys.length > keysMax ? `<p>The first ${keysMax} of ${keys.length} keys.</p>` : "",
    ];
    return new Response(page("Praetor", body.join("\n")), { headers: htmlHeaders });
  };
}

export function redirectToUi(contentPath: string): Endpoint {
  return ({ method }) => moved(method, contentPath);
}

/** Serves the text that Consul has at "/" if its UI is disabled. */
export function serveBanner(): Endpoint {
  return () => new Response("Consul Agent", { headers: { "Content-Type": "text/plain; charset=utf-8" } });
}

const htmlHeaders = {
  "Content-Type": "text/html; charset=utf-8",
  "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
  "X-Content-Type-Options": "nosniff",
} as const;

interface ServiceSummary {
  readonly name: string;
  readonly tags: readonly string[];
  readonly instances: readonly CheckedInstance[];
}

function listServices(registry: Registry): ServiceSummary[] {
  const names = [...registry.read(catalog.services({}))].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return names.map(([name, tags]) => {
    const instances = registry.read(serviceHealth(name, { tags: [], meta: {}, passingOnly: false }));
    return { name, tags, instances };
  });
}

function serviceCells({ outputs }: UiParts, { name, tags, instances }: ServiceSummary): string[] {
  const status = worstStatus(instances.flatMap(({ checks }) => checks.map((check) => check.status)));
  const where = instances.map(
    ({ node, service }) => `${escapeHtml(service.address || node.address)}:${service.port} on ${escapeHtml(node.name)}`,
  );
  const failing = instances
    .flatMap(({ checks }) => checks)
    .filter((check) => check.status !== "passing")
    .map((check) => {
      const output = outputs.outputOf(check);
      const reason = reasonOf({ output, notes: check.notes }).trim().slice(0, reasonMax);
      return escapeHtml(`${check.name}: ${check.status}${reason && `. ${reason}`}`);
    });
  return [
    `<a href="/v1/health/service/${encodeURIComponent(name)}?pretty">${escapeHtml(name)}</a>`,
    statusMark(status),
    where.join("<br>"),
    tags.map(escapeHtml).join(", "),
    failing.join("<br>"),
  ];
}

function statusMark(status: CheckStatus): string {
  return `<span class="${status}">${status}</span>`;
}

function keyLink(key: string): string {
  const path = key.split("/").map(encodeURIComponent).join("/");
  return `<a href="/v1/kv/${path}?raw">${escapeHtml(key)}</a>`;
}
