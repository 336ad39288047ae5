/** SHA-256 hashes of the files that docker-edgex-consul 1.1.0 to 1.3.0 wrote into its container's volumes, by name. */
const hashesByName: Readonly<Record<string, readonly string[]>> = {
  "00-consul.json": [
    "4b3b650f81866dc85701edfd2770b7d030977099151162dd43931ea6fffdd3e1",
    "ad9a2bc7d75fa08af480e21c834c88ad183f1ffe4979a739132e5066d18a2c2e",
  ],
  "01-mongo.json": ["10647290235d5160ac762b9ae92c0a2aa6e3cd1933fe763232d09c5a8f93ac8e"],
  "01-redis.json": ["43c28e3c176f4a4908369184f05d6e2684ae2d8bbd927b55677688924965f0ff"],
  "02-kong-db.json": ["7cbb5a7eafd5c12a62b3faf8f20bcbf1e64162917ab7adcc66cffafb867ef8e2"],
  "02-kong-migrations.json": ["4d4db6adc0f6a164987718c88f2596f6b4caa88a630458ace2ae0e3ef1cc77a9"],
  "02-kong.json": ["e48c507b20793cb3bdc8244c902a2e031c9c6291e6e1a59459ab1d248fea5565"],
  "02-security-proxy-setup.json": ["5f200ce6213c9d30e79789f40b1b5923e17ec0b9618ea2b48b00c5dd5ba4cc15"],
  "02-security-secrets-setup.json": ["a5cc02fe041acf22d250fd10b138e7becbafb4a3bd4073f1cd225df1071fceab"],
  "02-security-secretstore-setup.json": ["33b1603d8391b3470af400edf2842b51bac01079e183acc4dcf1eb022d312bdc"],
  "consul-svc-healthy.sh": [
    "eaac67ee4db7c4f5015743e9a5b1e0e6a154a3b1ce6300b98e68525f01ddf126",
    "fea3a894735325d38725233d6aad7599e46057d36eaddcb27f626cb0aaf52bb6",
  ],
  "kong-db-checker.sh": ["855ab3e4c7121eae84e5975ca13d74b774e5df7ce5e7a1d25b7e46b9e64130f6"],
  "kong-migrations-checker.sh": ["8b40df9aaa5e60aaa1b99166c400e8b0e9efed55a45f9622b51523a9f56398e4"],
  "security-proxy-setup-checker.sh": ["f585bf0ea4a3f8e9e3f9bcfe2b06612439d394fc8c5c3bff22c063eb73bbded8"],
  "security-secrets-setup-checker.sh": [
    "0e7822113988e2c6614d70a0dab10945dcf7f59421f33745ed0fa5e87acb32f7",
    "4f8f87b3cf61cf8b1d9fda6eb910ae55f75dc3fa5d9bce9b2fc003982254ad29",
  ],
  "security-secretstore-setup-checker.sh": [
    "270af3bae69294e32c14d417eea289538ca7d4ad2cb9403ea6b06294bb0effb6",
    "d74768554136c5c3ddabd87432b2231d1b63ef444b4e814d0842bf9d49e4a4fd",
  ],
};

/** The names of the files that docker-edgex-consul 1.1.0 to 1.3.0 wrote. */
export const earlierImageNames: readonly string[] = Object.keys(hashesByName);

/** Returns whether docker-edgex-consul wrote this file and it has not been changed since. */
export function isOfEarlierImage(name: string, content: Uint8Array): boolean {
  // The image's program `health` has another hash in each release. Any ELF file of this name counts as that program, since an
  // operator would write a script.
  if (name === "health") return Buffer.from(content.subarray(0, 4)).toString("latin1") === "\x7FELF";
  return hashesByName[name]?.includes(new Bun.CryptoHasher("sha256").update(content).digest("hex")) ?? false;
}
