import { listen, type HttpServer, type ListenOptions } from "./server.ts";
import { readTlsFiles, type TlsFiles } from "./tls-files.ts";

export interface DoorsOptions extends Pick<ListenOptions, "socketOwner" | "router" | "clock" | "log"> {
  /** No addresses: not served. */
  readonly http: Door;
  readonly https: Door & { readonly tls: TlsFiles };
}

type Door = Pick<ListenOptions, "addresses" | "port">;

/**
 * Listens wherever HTTP and HTTPS are to be served, or nowhere.
 * @throws OperatingError naming the address, certificate or key that cannot be used
 */
export async function openDoors({ http, https, ...shared }: DoorsOptions): Promise<readonly HttpServer[]> {
  const tls = https.addresses.length === 0 ? undefined : readTlsFiles(https.tls);
  const opened: HttpServer[] = [];
  try {
    if (http.addresses.length > 0) opened.push(await listen({ ...http, ...shared }));
    if (tls) opened.push(await listen({ ...https, ...shared, tls }));
    return opened;
  } catch (error) {
    await Promise.all(opened.map((server) => server.stop()));
    throw error;
  }
}
