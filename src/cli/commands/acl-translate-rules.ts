import { legacyTokenRules, translated } from "../acl/legacy-rules.ts";
import { switchFlag } from "../acl/object-flags.ts";
import { apiCommand, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import { readText } from "../data-argument.ts";

export const aclTranslateRulesCommand: Command = apiCommand({
  name: "acl translate-rules",
  summary: "Translates old rules into today's syntax",
  synopsis: "[options] TRANSLATE",
  about:
    "Prints rules in the syntax before Consul 1.4, where key stood for key_prefix, in today's. TRANSLATE is the rules, @FILE for a " +
    "file, or - for standard input; with a flag, a token whose rules to translate.",
  examples: [
    { what: "From a file", command: "acl translate-rules @rules.hcl" },
    { what: "From the command line", command: 'acl translate-rules \'key "" { policy = "write" }\'' },
    { what: "The rules of a legacy token", command: "acl translate-rules -token-accessor 429cd746" },
    {
      what: "The same by its secret, which comes from a file",
      command: "acl translate-rules -token-secret @secret.txt",
    },
  ],
  flags: [
    switchFlag("token-accessor", "TRANSLATE is the accessor of a legacy token, or the beginning of one."),
    switchFlag("token-secret", "TRANSLATE is the secret of a legacy token."),
  ],
  asksServers: true,
  run: translate,
});

async function translate(call: ApiCall): Promise<void> {
  const { words, flags, io } = call;
  const [secret, accessor] = [flags.bool("token-secret"), flags.bool("token-accessor")];
  if (secret && accessor) throw new CommandFailure("Error - cannot specify both -token-secret and -token-accessor");
  const [word, ...more] = words;
  if (word === undefined) throw new CommandFailure("Error! Missing TRANSLATE argument");
  if (more.length > 0) throw new CommandFailure(`Error! Too many arguments: expected 1 got ${words.length}`);
  const text = await readText(word, io);
  const rules = secret || accessor ? await legacyTokenRules(call, text.trim(), secret) : translated(text);
  io.stdout(`${rules}\n`);
}
