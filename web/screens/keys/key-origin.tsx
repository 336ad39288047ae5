import type { JSX } from "preact";
import type { KvOriginJson } from "../../../src/wire/kv-history.ts";
import { useReading } from "../../live/reading.ts";
import { hrefOf } from "../../shell/router.ts";
import { originText } from "./key-versions.ts";
import { praetorPathOf } from "./names.ts";

/** Where the value of a key comes from, and a warning for each service that does not use it. */
export function KeyOrigin({ name }: { readonly name: string }): JSX.Element | null {
  const path = praetorPathOf("kv-origin", name);
  const topics = [`key:${name}`, "services"];
  const origin = useReading<readonly KvOriginJson[]>({ path, topics, isBackground: true }).value?.[0];
  if (!origin) return null;
  return (
    <>
      {origin.Origin !== undefined && <p class="hint">The value {originText(origin.Origin)}.</p>}
      {origin.HiddenBy.map(({ Service: service, Node: node, Variable: variable }) => (
        <p class="bar stale" key={`${service} ${node} ${variable}`}>
          An environment override hides this: the service{" "}
          <a href={hrefOf(`/services/${encodeURIComponent(service)}`)}>{service}</a> on {node} has the variable{" "}
          {variable}, and does not use the value.
        </p>
      ))}
    </>
  );
}
