/** The part of the Network Information API that tells what a connection is worth. Some browsers do not have it. */
interface NetworkInformation {
  readonly saveData?: boolean;
  readonly effectiveType?: string;
}

interface NavigatorWithNetwork extends Navigator {
  readonly connection?: NetworkInformation;
}

const slow: ReadonlySet<string> = new Set(["slow-2g", "2g", "3g"]);

/** Returns whether the user saves data, or the connection is slow: then nothing is asked for at intervals, nor before it is opened. */
export function isSparing(): boolean {
  const { connection }: NavigatorWithNetwork = navigator;
  return connection?.saveData === true || slow.has(connection?.effectiveType ?? "");
}
