import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { useReading } from "../../live/reading.ts";
import { useNarrow } from "../../parts/use-narrow.ts";
import { WindowedList } from "../../parts/windowed-list.tsx";
import { Frame } from "../../shell/frame.tsx";
import { route, setQuery } from "../../shell/router.ts";
import { keyHref } from "./crumbs.tsx";
import { looksSecret } from "./names.ts";
import { facetsOf, filterKeys, piecesOf, type Hit, type SearchAnswer } from "./search-hits.ts";
import { sizeText } from "./value.ts";

/** A pause in typing after which the agent is asked. */
const typingMs = 100;

/** The keys whose name or value contains the text of the address. The agent searches, so all keys are looked at. */
export function Search(): JSX.Element {
  const { query } = route.value;
  const [text, prefix, where] = [query.get("q") ?? "", query.get("prefix") ?? "", query.get("in") ?? ""];
  const typed = useSignal(text);
  useEffect(() => void (typed.value = text), [text]);
  useEffect(() => {
    const timer = setTimeout(() => setQuery("q", typed.peek()), typingMs);
    return () => clearTimeout(timer);
  }, [typed.value]);
  const asked = new URLSearchParams({ q: text, ...(prefix !== "" && { prefix }), ...(where !== "" && { in: where }) });
  return (
    <>
      <div class="head">
        <input
          type="search"
          data-search
          aria-label="Search keys and values"
          placeholder="A part of a key or value"
          value={typed.value}
          onInput={({ currentTarget }) => (typed.value = currentTarget.value)}
        />
        <select aria-label="Where" value={where} onChange={({ currentTarget }) => setQuery("in", currentTarget.value)}>
          <option value="">keys and values</option>
          <option value="keys">keys</option>
          <option value="values">values</option>
        </select>
      </div>
      {text === "" ? (
        <>
          <h1>Search</h1>
          <p class="hint">Type a part of a key or of a value; upper and lower case are the same.</p>
        </>
      ) : (
        <Answered key={asked.toString()} {...{ asked: asked.toString(), text, prefix }} />
      )}
    </>
  );
}

interface AnsweredProps {
  /** The query string of the search. */
  readonly asked: string;
  readonly text: string;
  readonly prefix: string;
}

function Answered({ asked, text, prefix }: AnsweredProps): JSX.Element {
  const reading = useReading<SearchAnswer>({ path: `v1/praetor/search?${asked}`, topics: [] });
  // A Consul has no search: then the names of all keys are read once, and searched here. An agent that has searched can do it still.
  if (reading.failure?.kind === "gone" && reading.value === undefined) return <SearchedHere {...{ text, prefix }} />;
  return (
    <Frame title="Search" readings={[reading]}>
      {reading.value && <Hits answer={reading.value} {...{ text, prefix }} />}
    </Frame>
  );
}

function SearchedHere({ text, prefix }: Omit<AnsweredProps, "asked">): JSX.Element {
  const reading = useReading<readonly string[]>({ path: "v1/kv/?keys", topics: [] });
  const answer = reading.value && filterKeys(reading.value, { text, prefix });
  return (
    <Frame title="Search" readings={[reading]}>
      <p class="hint">This agent has no search: only the names of keys are searched.</p>
      {answer && <Hits {...{ answer, text, prefix }} />}
    </Frame>
  );
}

interface HitsProps {
  readonly answer: SearchAnswer;
  readonly text: string;
  readonly prefix: string;
}

function Hits({ answer: { Searched, Found, Matches }, text, prefix }: HitsProps): JSX.Element {
  const facets = facetsOf(Matches, prefix);
  const isNarrow = useNarrow();
  const isPart = Found > Matches.length;
  return (
    <>
      <p class="hint" role="status">
        {isPart && `First ${Matches.length} of `}
        {Found} {Found === 1 ? "match" : "matches"} in {Searched} keys
        {prefix === "" ? ", of all" : ` below ${prefix}`}
        {isPart && "; narrow the search"}
      </p>
      <p class="tools" aria-label="Folders">
        {prefix !== "" && (
          <button type="button" onClick={() => setQuery("prefix", "")}>
            In all folders
          </button>
        )}
        {facets.length > 1 &&
          facets.map(({ folder, count }) => (
            <button key={folder} type="button" class="quiet" onClick={() => setQuery("prefix", folder)}>
              {folder} ({count})
            </button>
          ))}
      </p>
      <WindowedList
        {...{ label: "Matches", items: Matches, rowHeight: isNarrow ? 76 : 60 }}
        keyOf={({ Key }) => Key}
        row={(hit) => <HitRow hit={hit} text={text} />}
      />
    </>
  );
}

function HitRow({ hit: { Key, Excerpt, Bytes }, text }: { readonly hit: Hit; readonly text: string }): JSX.Element {
  return (
    <div class="hit-row">
      <a href={keyHref(Key)}>
        <Marked text={Key} part={text} />
      </a>
      <span class="number">{Bytes === undefined ? "" : sizeText(Bytes)}</span>
      <span class="preview">
        {Excerpt !== undefined && (looksSecret(Key) ? "••••••" : <Marked text={Excerpt} part={text} />)}
      </span>
    </div>
  );
}

function Marked({ text, part }: { readonly text: string; readonly part: string }): JSX.Element {
  return (
    <>
      {piecesOf(text, part).map((piece, at) =>
        piece.isHit ? <mark key={at}>{piece.text}</mark> : <span key={at}>{piece.text}</span>,
      )}
    </>
  );
}
