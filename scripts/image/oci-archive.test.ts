import { expect, test } from "bun:test";
import { unpackTar } from "modern-tar";
import { packImage, packLayer, type PlatformImage } from "./oci-archive.ts";
import { programFiles } from "./root-files.ts";

const created = new Date(1_600_000_000_000);
const settings = { User: "2002:2001" };

async function archive(): Promise<Uint8Array> {
  const layer = await packLayer(programFiles(Buffer.from("program"), new Map()), "Praetor", created);
  const images: readonly PlatformImage[] = ["amd64", "arm64"].map((architecture) => ({
    architecture,
    layers: [layer],
  }));
  return packImage(images, { name: "localhost/praetor:slim", settings, created });
}

test("an image's archive has the same bytes each time", async () => {
  const first = await archive();
  expect(Buffer.from(await archive()).equals(first)).toBe(true);
});

test("an image's archive leads from its index to the files of each processor, each named by its hash", async () => {
  const entries = await unpackTar(await archive(), { strict: true });
  const files = new Map(entries.map(({ header, data }) => [header.name, Buffer.from(data ?? [])]));
  for (const [name, bytes] of files) {
    if (!name.startsWith("blobs/")) continue;
    expect(name).toBe(`blobs/sha256/${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}`);
  }
  const read = ({ digest, size }: Descriptor): Buffer => {
    const bytes = files.get(`blobs/${digest.replace(":", "/")}`);
    expect(bytes?.length).toBe(size);
    return bytes ?? Buffer.alloc(0);
  };
  const parse = (descriptor: Descriptor): Manifest => JSON.parse(read(descriptor).toString()) as Manifest;
  const index = JSON.parse(files.get("index.json")?.toString() ?? "") as Manifest;
  const [list] = index.manifests;
  expect(list?.annotations["org.opencontainers.image.ref.name"]).toBe("localhost/praetor:slim");
  const manifests = list === undefined ? [] : parse(list).manifests;
  expect(manifests.map(({ platform }) => platform.architecture)).toEqual(["amd64", "arm64"]);
  for (const descriptor of manifests) {
    const { config, layers } = parse(descriptor);
    const { architecture, rootfs, config: stated } = JSON.parse(read(config).toString()) as Config;
    expect([architecture, stated]).toEqual([descriptor.platform.architecture, settings]);
    const tars = layers.map((layer) => Bun.gunzipSync(new Uint8Array(read(layer))));
    expect(tars.map((tar) => `sha256:${new Bun.CryptoHasher("sha256").update(tar).digest("hex")}`)).toEqual(
      rootfs.diff_ids,
    );
    for (const tar of tars) {
      const headers = (await unpackTar(tar, { strict: true })).map(({ header }) => header);
      expect(headers.find(({ name }) => /^consul\/data\/?$/.test(name))).toMatchObject({
        uid: 2002,
        gid: 2001,
        type: "directory",
      });
      expect(headers.find(({ name }) => name === "usr/local/bin/praetor")).toMatchObject({ uid: 0, mode: 0o755 });
      // A folder precedes what it has, and each is there.
      const seen = new Set<string>([""]);
      for (const name of headers.map((header) => header.name.replace(/\/$/, ""))) {
        expect(seen).toContain(name.split("/").slice(0, -1).join("/"));
        seen.add(name);
      }
    }
  }
});

interface Descriptor {
  readonly digest: string;
  readonly size: number;
  readonly platform: { readonly architecture: string };
  readonly annotations: Readonly<Record<string, string>>;
}

interface Manifest {
  readonly manifests: readonly Descriptor[];
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

interface Config {
  readonly architecture: string;
  readonly rootfs: { readonly diff_ids: string[] };
  readonly config: object;
}
