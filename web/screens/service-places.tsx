import type { JSX } from "preact";
import type { KvVersionJson } from "../../src/wire/kv-history.ts";
import type { AgentSelf } from "../live/answers.ts";
import { api } from "../live/place.ts";
import { useReading } from "../live/reading.ts";
import { CopyButton } from "../parts/copy-button.tsx";
import { Age } from "../parts/time.tsx";
import { hrefOf } from "../shell/router.ts";
import { folderHref, keyHref } from "./keys/crumbs.tsx";
import { authorOf } from "./keys/key-versions.ts";
import { praetorPathOf } from "./keys/names.ts";
import { meaningOf, type PortRecord, portsOf } from "./port-record.ts";

/** The answer of `v1/praetor/search`. */
interface Found {
  readonly Matches: readonly { readonly Key: string }[];
}

/** Maximum length of a text that the agent searches for. */
const searchedMax = 256;

/** The folders of EdgeX's configuration that have the service's name: `edgex/core/1.0/NAME/`, `edgex/v4/NAME/`. */
export function ServiceKeys({ name }: { readonly name: string }): JSX.Element | null {
  const part = `/${name}/`;
  const query = `in=keys&prefix=edgex/&limit=1000&q=${encodeURIComponent(part.slice(0, searchedMax))}`;
  const { value } = useReading<Found>({ path: `v1/praetor/search?${query}`, topics: [] });
  const folders = new Set(
    (value?.Matches ?? []).flatMap(({ Key }) => {
      const at = Key.indexOf(part);
      return at < 0 ? [] : [Key.slice(0, at + part.length)];
    }),
  );
  if (folders.size === 0) return null;
  return (
    <section aria-label="Keys">
      <h2>Keys</h2>
      <ul>
        {[...folders].map((folder) => (
          <li key={folder}>
            <a href={folderHref(folder)}>{folder}</a>
            <NewestChanges folder={folder} />
          </li>
        ))}
      </ul>
    </section>
  );
}

const changesMax = 3;

/** The newest changes of a folder's keys, which are often the reason for what its service does now. */
function NewestChanges({ folder }: { readonly folder: string }): JSX.Element | null {
  const path = `${praetorPathOf("kv-history", folder)}?recurse&limit=${changesMax}`;
  const { value = [] } = useReading<readonly KvVersionJson[]>({ path, topics: [`kv:${folder}`], isBackground: true });
  if (value.length === 0) return null;
  return (
    <ul class="changes">
      {value.map(({ Key: key, Index: index, Operation, Means = Operation, Time: time, ...version }) => (
        <li key={`${index} ${key}`}>
          <a href={keyHref(key)}>{key.slice(folder.length)}</a> {Means}{" "}
          {time !== undefined && <Age atMs={Date.parse(time)} />} <span class="hint">{authorOf(version)}</span>
          {version.Reason !== undefined && <span class="reason">{version.Reason}</span>}
        </li>
      ))}
    </ul>
  );
}

/** The record of the service's port, if another program had that port. */
export function ServicePort({ name }: { readonly name: string }): JSX.Element | null {
  const { value } = useReading<readonly PortRecord[]>({ path: "v1/praetor/ports", topics: ["ports"] });
  const record = value?.find(({ service }) => service === name);
  if (!record) return null;
  return (
    <section aria-label="Port">
      <h2>Port</h2>
      <p>
        <code>{portsOf(record)}</code> {record.state}: {meaningOf(record.state)}. The old port belongs to {record.owner}
        . <a href={hrefOf("/ports")}>All ports</a>
      </p>
    </section>
  );
}

/** Commands that ask for the service's instances outside of the page. */
export function ServiceCommands({ name }: { readonly name: string }): JSX.Element {
  const { value } = useReading<AgentSelf>({ path: "v1/agent/self", topics: [], isBackground: true });
  const { DNSPort: port = -1, DNSDomain: domain = "" } = value?.DebugConfig ?? {};
  const suffix = domain.replace(/\.$/, "");
  const commands = [
    `curl '${api.href}v1/health/service/${encodeURIComponent(name)}?passing'`,
    ...(port > 0 && suffix !== "" ? [`dig @${api.hostname} -p ${port} ${name}.service.${suffix} SRV`] : []),
  ];
  return (
    <section aria-label="Commands">
      <h2>Ask from a shell</h2>
      {commands.map((command) => (
        <div key={command} class="output">
          <pre>{command}</pre>
          <CopyButton text={command} thing={`the ${command.split(" ")[0] ?? ""} command`} />
        </div>
      ))}
    </section>
  );
}
