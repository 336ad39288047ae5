import type { JSX } from "preact";
import type { KvOriginJson } from "../../../src/wire/kv-history.ts";
import { isReadOnly } from "../../live/place.ts";
import { useReading, write } from "../../live/reading.ts";
import { Ask } from "../../parts/ask.tsx";
import { hrefOf } from "../../shell/router.ts";
import { isOfOperator, originText } from "./key-versions.ts";
import { praetorPathOf, writeOf } from "./names.ts";

/** Where the value of a key comes from, with the way back to that of its service, and a warning for each service that does not use it. */
export function KeyOrigin({ name }: { readonly name: string }): JSX.Element | null {
  const path = praetorPathOf("kv-origin", name);
  const topics = [`key:${name}`, "services"];
  const origin = useReading<readonly KvOriginJson[]>({ path, topics, isBackground: true }).value?.[0];
  if (!origin) return null;
  return (
    <>
      {origin.Origin !== undefined && (
        <p class="hint">
          The value {originText(origin.Origin)}. {isOfOperator(origin.Origin) && !isReadOnly && <Reset {...origin} />}
        </p>
      )}
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

function Reset({ Key: name, ModifyIndex: index }: KvOriginJson): JSX.Element {
  return (
    <Ask
      button="Reset"
      title={`Reset ${name}?`}
      action={`Reset ${name}`}
      need={writeOf(name)}
      send={() => write("PUT", `${praetorPathOf("kv-reset", name)}?cas=${index}`)}
    >
      <p>The key gets the value that its service has pushed last. The present value stays in the history.</p>
    </Ask>
  );
}
