import type { JSX } from "preact";
import { refresh, useReading } from "../live/reading.ts";
import { CopyButton } from "../parts/copy-button.tsx";
import { Frame } from "../shell/frame.tsx";

/** The answer of `v1/praetor/doctor`, and of `praetor doctor -format=json`. */
interface Report {
  readonly Findings: readonly Finding[];
  /** The examinations that were not possible, each with its reason. */
  readonly NotLookedAt: readonly string[];
}

interface Finding {
  readonly Kind: string;
  readonly Where: string;
  readonly Problem: string;
  readonly Advice: string;
}

/** The findings of the agent's own examination, the most serious first. It examines itself when the screen opens, and on demand. */
export function Doctor(): JSX.Element {
  const reading = useReading<Report>({ path: "v1/praetor/doctor", topics: [] });
  const { Findings = [], NotLookedAt = [] } = reading.value ?? {};
  const tools = (
    <>
      <button type="button" onClick={refresh}>
        Examine again
      </button>
      <CopyButton text={textOf(Findings)} thing="the findings" />
    </>
  );
  return (
    <Frame title="Doctor" readings={[reading]} tools={tools}>
      {reading.value && (
        <p class="sentence" role="status">
          {Findings.length === 0 ? "Nothing found." : `${Findings.length} finding${Findings.length === 1 ? "" : "s"}.`}
        </p>
      )}
      {Findings.map((finding) => (
        <section key={`${finding.Kind} ${finding.Where}`} class="card" aria-label={`${finding.Kind} ${finding.Where}`}>
          <h2>
            {finding.Kind} <span class="hint">{finding.Where}</span>
          </h2>
          <p>{finding.Problem}</p>
          <p>
            <strong>To do:</strong> {finding.Advice}
          </p>
        </section>
      ))}
      {NotLookedAt.length > 0 && (
        <>
          <h2>Not looked at</h2>
          <ul>
            {NotLookedAt.map((each) => (
              <li key={each}>{each}</li>
            ))}
          </ul>
        </>
      )}
    </Frame>
  );
}

function textOf(findings: readonly Finding[]): string {
  return findings
    .map(({ Kind, Where, Problem, Advice }) => `${Kind}  ${Where}\n    ${Problem}\n    To do: ${Advice}\n`)
    .join("\n");
}
