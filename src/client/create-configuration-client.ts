import { ConfigurationClient } from "./configuration-client.ts";
import { connect, type ConnectionOptions } from "./connection.ts";

export interface ConfigurationClientOptions extends ConnectionOptions {
  /** The folder of the service's keys: "edgex/core/1.0/edgex-core-data". */
  readonly basePath: string;
}

/** Returns a client of a service's configuration. @throws OperatingError invalid if the options have no valid address */
export function createConfigurationClient(options: ConfigurationClientOptions): ConfigurationClient {
  const incomplete =
    "unable to create Configuration Client: Configuration service host and/or port or serviceKey not set";
  const http = connect(options, { incomplete, kind: "configuration client" });
  return new ConfigurationClient({ http, basePath: options.basePath });
}
