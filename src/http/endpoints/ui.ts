import type { Agent } from "../../agent/agent.ts";
import { ownTurn } from "../../lib/next-turn.ts";
import { worstStatus, type CheckStatus } from "../../model/check.ts";
import { reasonOf } from "../../model/check-reason.ts";
import { catalogOverview, worstServices } from "../../registry/catalog-overview.ts";
import type { CheckOutputs } from "../../registry/check-outputs.ts";
import { serviceHealth } from "../../registry/health.ts";
import { kvKeys } from "../../registry/kv.ts";
import type { Registry } from "../../registry/registry.ts";
import { moved } from "../answers.ts";
import { escapeHtml, page, table } from "../html.ts";
import type { Endpoint } from "../route.ts";
import { rootOf } from "./ui-files.ts";

export interface UiParts {
  readonly outputs: CheckOutputs;
  readonly agent: Pick<Agent, "node">;
  readonly datacenter: string;
}

/** Maximum number of services on the page, and of keys and folders: the page must not keep the agent's thread busy. */
const rowsMax = 200;
/** Number of services that are read in one turn of the event loop, which takes a millisecond or two. */
const rowsOfTurn = 50;
/** Maximum number of instances, of tags, and of failing checks that are listed of one service. */
const partsMax = 10;
/** Maximum number of characters of a check's output on the page; the output's beginning usually names the cause. */
const reasonMax = 300;

/**
 * Serves the page without scripts: the services, worst first, and the keys and folders of the top level. It is for browsers without
 * scripts.
 * @param contentPath the path of the UI, below which the page is; its links are relative, so that they work behind a proxy
 */
export function showPlainPage(parts: UiParts, contentPath: string): Endpoint {
  const root = rootOf(`${contentPath}plain`);
  return async ({ caller }) => {
    const { passing, warning, maintenance, critical } = caller.registry.read(catalogOverview()).services;
    const count = passing + warning + maintenance + critical;
    const shown = caller.registry.read(worstServices(rowsMax));
    const rows: string[][] = [];
    for (const [at, name] of shown.entries()) {
      if (at % rowsOfTurn === 0) await ownTurn();
      rows.push(serviceCells(parts, { name, registry: caller.registry, root }));
    }
    const keys = caller.registry.read(kvKeys("", "/"));
    const body = [
      `<h1>Praetor <small>${escapeHtml(parts.agent.node.name)} &middot; ${escapeHtml(parts.datacenter)}</small></h1>`,
      `<h2>Services (${count})</h2>`,
      table(["Service", "Status", "Instances", "Tags", "What the checks say"], rows),
      restOf(count, "services"),
      `<h2>Keys and folders (${keys.length})</h2>`,
      table(
        ["Key"],
        keys.slice(0, rowsMax).map((key) => [keyLink(root, key)]),
      ),
      restOf(keys.length, "keys and folders"),
    ];
    return new Response(page("Praetor", body.join("\n")), { headers: htmlHeaders });
  };
}

function restOf(count: number, things: string): string {
  return count > rowsMax ? `<p>The first ${rowsMax} of ${count} ${things}.</p>` : "";
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

interface ServiceRow {
  readonly name: string;
  readonly registry: Registry;
  readonly root: string;
}

function serviceCells({ outputs }: UiParts, { name, registry, root }: ServiceRow): string[] {
  const instances = registry.read(serviceHealth(name, { tags: [], meta: {}, passingOnly: false }));
  const status = worstStatus(instances.flatMap(({ checks }) => checks.map((check) => check.status)));
  const tags = [...new Set(instances.flatMap(({ service }) => service.tags))].toSorted();
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
    `<a href="${root}v1/health/service/${encodeURIComponent(name)}?pretty">${escapeHtml(name)}</a>`,
    statusMark(status),
    firstOf(where).join("<br>"),
    firstOf(tags.map(escapeHtml)).join(", "),
    firstOf(failing).join("<br>"),
  ];
}

function firstOf(texts: readonly string[]): readonly string[] {
  if (texts.length <= partsMax) return texts;
  return [...texts.slice(0, partsMax), `and ${texts.length - partsMax} more`];
}

function statusMark(status: CheckStatus): string {
  return `<span class="${status}">${status}</span>`;
}

function keyLink(root: string, key: string): string {
  const path = key.split("/").map(encodeURIComponent).join("/");
  const query = key.endsWith("/") ? "keys&amp;separator=/" : "raw";
  return `<a href="${root}v1/kv/${path}?${query}">${escapeHtml(key)}</a>`;
}
