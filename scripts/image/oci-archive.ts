import { packTar } from "modern-tar";
import { type RootFiles, withFolders } from "./root-files.ts";

/*
 * An archive of the OCI image layout that has one image for several processors:
 *
 *   index.json -> list of the images, one for each processor -> manifest of an image -> its configuration, its layers
 *
 * Each is a file named by the SHA-256 hash of its bytes. The same files and time give the same bytes. The types are those of Docker
 * (schema 2): the types of OCI have the same fields but no health check, and Podman then ignores it.
 */

const types = {
  index: "application/vnd.oci.image.index.v1+json",
  list: "application/vnd.docker.distribution.manifest.list.v2+json",
  manifest: "application/vnd.docker.distribution.manifest.v2+json",
  config: "application/vnd.docker.container.image.v1+json",
  layer: "application/vnd.docker.image.rootfs.diff.tar.gzip",
};

/** The image of one processor. */
export interface PlatformImage {
  readonly architecture: string;
  readonly layers: readonly Layer[];
}

export interface Layer {
  /** The gzipped tar. */
  readonly bytes: Uint8Array;
  /** The hash of the tar before it was gzipped, as a digest. */
  readonly diffId: string;
  readonly createdBy: string;
}

/** The settings of containers, in the form of an image's configuration. */
export type ImageSettings = Readonly<Record<string, unknown>>;

interface ArchiveOptions {
  /** The name with a tag under which the image is loaded: "localhost/praetor:slim". */
  readonly name: string;
  readonly settings: ImageSettings;
  readonly created: Date;
}

export async function packLayer(root: RootFiles, createdBy: string, created: Date): Promise<Layer> {
  const entries = withFolders(root).map(({ header, ...rest }) => ({
    ...rest,
    header: { uid: 0, gid: 0, ...header, mtime: created },
  }));
  const tar = await packTar(entries);
  return { bytes: Bun.gzipSync(tar, { level: 9 }), diffId: digest(tar), createdBy };
}

/** Returns the archive's bytes: a tar. */
export async function packImage(
  images: readonly PlatformImage[],
  { name, settings, created }: ArchiveOptions,
): Promise<Uint8Array> {
  const blobs = new Map<string, Uint8Array>();
  const add = (mediaType: string, content: Uint8Array | object): Descriptor => {
    const bytes = content instanceof Uint8Array ? content : json(content);
    blobs.set(digest(bytes), bytes);
    return { mediaType, size: bytes.length, digest: digest(bytes) };
  };
  const manifests = images.map(({ architecture, layers }) => {
    const history = layers.map(({ createdBy }) => ({ created, created_by: createdBy }));
    const rootfs = { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) };
    const config = add(types.config, { architecture, os: "linux", created, config: settings, rootfs, history });
    const manifest = {
      schemaVersion: 2,
      mediaType: types.manifest,
      config,
      layers: layers.map(({ bytes }) => add(types.layer, bytes)),
    };
    return { ...add(types.manifest, manifest), platform: { architecture, os: "linux" } };
  });
  const list = add(types.list, { schemaVersion: 2, mediaType: types.list, manifests });
  const index = {
    schemaVersion: 2,
    mediaType: types.index,
    manifests: [
      { ...list, annotations: { "org.opencontainers.image.ref.name": name, "io.containerd.image.name": name } },
    ],
  };
  const entries = [
    ["oci-layout", json({ imageLayoutVersion: "1.0.0" })],
    ["index.json", json(index)],
    ...[...blobs].map(([hash, bytes]) => [`blobs/${hash.replace(":", "/")}`, bytes] as const),
  ] as const;
  return packTar(
    entries.map(([path, body]) => ({
      header: { name: path, size: body.length, mode: 0o644, uid: 0, gid: 0, mtime: created },
      body,
    })),
  );
}

interface Descriptor {
  readonly mediaType: string;
  readonly size: number;
  readonly digest: string;
}

function json(content: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(content));
}

function digest(bytes: Uint8Array): string {
  return `sha256:${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}`;
}
