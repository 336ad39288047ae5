import { consulVersion } from "../../model/consul-version.ts";
import type { Command } from "../command.ts";

/** `praetor version`. */
export function versionCommand(version: string): Command {
  return {
    name: "version",
    summary: "Prints the Praetor version",
    help: "Usage: praetor version\n\n  Prints this program's version and that of the Consul whose interfaces it speaks.\n",
    run(_args, io) {
      io.stdout(`Praetor v${version}\nSpeaks the interfaces of Consul v${consulVersion}\n`);
      return Promise.resolve(0);
    },
  };
}
