/** The files of the browser UI, bundled from web/. */
export interface WebFiles {
  /** Resolves with a file compressed with gzip; undefined if there is no file of this name. */
  readonly read: (name: string) => Promise<Uint8Array<ArrayBuffer> | undefined>;
}
