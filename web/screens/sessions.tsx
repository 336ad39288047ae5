import type { JSX } from "preact";
import { useReading, write } from "../live/reading.ts";
import { Ask } from "../parts/ask.tsx";
import { CopyButton } from "../parts/copy-button.tsx";
import { Table } from "../parts/table.tsx";
import { Frame } from "../shell/frame.tsx";

/** An element of `v1/session/list`. */
interface Session {
  readonly ID: string;
  readonly Name: string;
  readonly Node: string;
  readonly TTL: string;
  readonly Behavior: string;
  /** In nanoseconds. */
  readonly LockDelay: number;
}

/** The sessions, which hold the locks of keys. */
export function Sessions(): JSX.Element {
  const reading = useReading<readonly Session[]>({ path: "v1/session/list", topics: ["sessions"] });
  return (
    <Frame title="Sessions" readings={[reading]}>
      {reading.value?.length === 0 && <p>No program holds a session, so no key is locked.</p>}
      {reading.value && reading.value.length > 0 && (
        <Table
          label="Sessions"
          items={reading.value}
          keyOf={({ ID }) => ID}
          columns={[
            { title: "Name", cell: ({ Name }) => Name || <span class="hint">no name</span> },
            {
              title: "ID",
              cell: ({ ID }) => (
                <>
                  <code>{ID}</code> <CopyButton text={ID} thing="the id" />
                </>
              ),
            },
            { title: "Node", cell: ({ Node }) => Node },
            { title: "TTL", cell: ({ TTL }) => TTL || "none" },
            {
              title: "When it ends",
              cell: ({ Behavior }) => (Behavior === "delete" ? "its keys are deleted" : "its locks are released"),
            },
            { title: "Action", cell: Destroy },
          ]}
        />
      )}
    </Frame>
  );
}

function Destroy({ ID, Name, Node, Behavior }: Session): JSX.Element {
  const named = Name === "" ? ID : Name;
  return (
    <Ask
      button="Destroy"
      title={`Destroy the session ${named}?`}
      action={`Destroy ${named}`}
      need={{ resource: "session", access: "write", segment: Node }}
      send={() => write("PUT", `v1/session/destroy/${encodeURIComponent(ID)}`)}
    >
      <p>
        {Behavior === "delete" ? "The keys that it has locked are deleted." : "The locks that it holds are released."}{" "}
        The program that made it learns of it when it renews it.
      </p>
    </Ask>
  );
}
