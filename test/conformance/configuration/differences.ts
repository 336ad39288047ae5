/** An intended difference between Consul and Praetor, with the pieces of configuration that have it. */
export interface ConfigurationDifference {
  readonly what: string;
  readonly why: string;
  /** The names of the pieces whose results differ. The test fails for a listed piece whose results are equal. */
  readonly pieces: readonly string[];
}

export const configurationDifferences: readonly ConfigurationDifference[] = [
  {
    what: "a mark of byte order, blanks alone, and comments around JSON in HCL are read",
    why: "what is meant is clear",
    pieces: [
      "JSON: blanks only",
      "JSON: a mark of byte order",
      "HCL: a mark of byte order",
      "JSON in HCL: a mark of byte order",
      "JSON in HCL: a comment before",
      "JSON in HCL: a comment within",
    ],
  },
  {
    what: "null is not set, wherever it stands",
    why: "Consul takes it for an empty value in some places, and ends over it",
    pieces: [
      "null: in a map of durations",
      "null: in lists of definitions",
      "null: in a list of watches",
      "null: in checks",
      "null: for a tagged address",
      "null: in a watch",
      "JSON in HCL: null",
    ],
  },
  {
    what: "JSON in a .hcl file is read to its end",
    why: "Consul drops in silence what follows a missing comma or brace",
    pieces: [
      "JSON in HCL: a comma is missing between entries",
      "JSON in HCL: a second object",
      "JSON in HCL: HCL after it",
      "JSON in HCL: cut off",
    ],
  },
  {
    what: "a link is read by its own name",
    why: "a link named a.json is meant as JSON, whatever the name of the file that it leads to",
    pieces: ["files: links"],
  },
  {
    what: "values of settings without a meaning here are not judged",
    why: "nothing follows from them",
    pieces: [
      "start_join_wan",
      "autopilot: max_trailing_logs below 0",
      "acl: a policy that is none",
      "acl: a policy for outages that is none",
      "protocol: too high",
      "raft_protocol: too high",
      "connect: a provider that is none",
      "segments: of the paid edition",
    ],
  },
  {
    what: "a watch that tells an URL may have headers of one value in HCL",
    why: "Consul takes the list of one for a text, and ends",
    pieces: ["watch: an URL in HCL"],
  },
  {
    what: "a check whose status is none of the three begins as critical",
    why: "no list of a status would have it",
    pieces: ["check: a status that is none, in a service"],
  },
  {
    what: "a watch that cannot be begun does not end the agent",
    why: "as with services and checks; the log names it, and `validate` refuses it",
    pieces: ["watch: a type that is none", "watch: no key", "watch: a parameter of another type"],
  },
  {
    what: "`validate` passes what only a running agent can tell",
    why: "the service of a check can come over the API, the port of a sidecar depends on the others",
    pieces: ["check: a service that is not there", "sidecar: no ports to choose from"],
  },
  {
    what: "ui_config is known, with read_only",
    why: "a page that may only read needs a server that refuses its writes",
    pieces: ["ui_config: of a later version"],
  },
];
