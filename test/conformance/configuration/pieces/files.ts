import type { Piece } from "../piece.ts";

/** The pieces of configuration that show which files are read, and in which format. */
export const files: readonly Piece[] = [
  {
    name: "files: in a folder, in the order of their names",
    files: { "10.json": '{"domain": "ten."}', "9.hcl": 'domain = "nine."', "a.json": '{"datacenter": "hall"}' },
  },
  {
    name: "files: what else lies in a folder",
    files: {
      "README.md": "# The plant",
      "a.json": '{"domain": "plant."}',
      "a.json.bak": '{"domain": "old."}',
      "a.json~": "{",
      "a.json.dpkg-old": "{",
      "a.yaml": "domain: yaml",
      "tls.pem": "-----BEGIN CERTIFICATE-----",
      "empty/": "",
    },
  },
  { name: "files: an ending in capitals", files: { "a.JSON": '{"domain": "plant."}' } },
  {
    name: "files: dots before the name, in a folder",
    files: { ".site.json": '{"domain": "plant."}', ".a.hcl.swp": "" },
  },
  {
    name: "files: dots before the name, named",
    files: { ".site.json": '{"domain": "plant."}' },
    paths: [".site.json"],
  },
  { name: "files: a dot before another ending, named", files: { ".site": '{"domain": "plant."}' }, paths: [".site"] },
  { name: "files: an ending alone, named", files: { ".json": '{"domain": "plant."}' }, paths: [".json"] },
  { name: "files: another ending, named", files: { "agent.conf": '{"domain": "plant."}' }, paths: ["agent.conf"] },
  { name: "files: no ending, named", files: { agent: 'domain = "plant."' }, paths: ["agent"] },
  {
    name: "files: another ending, named, with a format",
    files: { "agent.conf": '{"domain": "plant."}' },
    paths: ["agent.conf"],
    format: "json",
  },
  {
    name: "files: a dot before the name, named, with a format",
    files: { ".site": 'domain = "plant."' },
    paths: [".site"],
    format: "hcl",
  },
  {
    name: "files: a folder with a format",
    files: { "a.conf": 'domain = "plant."', "b.json": 'datacenter = "hall"', ".c.conf": "ui = true", "README.md": "" },
    format: "hcl",
  },
  { name: "files: HCL read as JSON", files: { "a.hcl": 'domain = "plant."' }, format: "json" },
  { name: "files: JSON read as HCL", files: { "a.json": '{"domain": "plant."}' }, format: "hcl" },
  { name: "files: HCL in a file that ends in .json", files: { "a.json": 'domain = "plant."' } },
  {
    name: "files: a folder below is not entered",
    files: { "a.json": '{"ui": true}', "b/c.json": '{"domain": "plant."}' },
  },
  { name: "files: a folder that is named like a file", files: { "a.json/b.json": '{"domain": "plant."}' } },
  { name: "files: a folder with a dot before its name", files: { ".d/a.json": '{"domain": "plant."}' }, paths: [".d"] },
  {
    name: "files: links",
    files: { "real/a.txt": '{"domain": "plant."}', "d/a.json": "-> ../real/a.txt", "d/sub": "-> ../real" },
    paths: ["d"],
  },
  {
    name: "files: a link that leads nowhere",
    files: { "d/a.json": "-> gone.json", "d/b.json": '{"ui": true}' },
    paths: ["d"],
  },
  {
    name: "files: a link to a folder, named",
    files: { "real/a.json": '{"domain": "plant."}', d: "-> real" },
    paths: ["d"],
  },
  {
    name: "files: a config map of Kubernetes",
    files: { "..2026/a.json": '{"domain": "plant."}', "..data": "-> ..2026", "a.json": "-> ..data/a.json" },
  },
  { name: "files: named twice", files: { "a.hcl": 'recursors = ["192.0.2.1"]' }, paths: ["a.hcl", "a.hcl"] },
  {
    name: "files: a file and its folder",
    files: { "z.json": '{"domain": "last."}', "d/a.json": '{"domain": "plant."}' },
    paths: ["z.json", "d"],
  },
  { name: "files: one that is missing", files: { "a.json": "{}" }, paths: ["a.json", "gone.json"] },
  { name: "files: an empty folder", files: { "d/": "" }, paths: ["d"] },
  {
    name: "files: later ones add to lists and maps",
    files: {
      "1.json": '{"recursors": ["192.0.2.1"], "node_meta": {"a": "1", "b": "1"}, "services": [{"name": "press"}]}',
      "2.json": '{"recursors": ["192.0.2.2"], "node_meta": {"b": "2"}, "services": [{"name": "mixer"}]}',
    },
  },
  {
    name: "files: the same service in two",
    files: {
      "1.json": '{"service": {"name": "press", "port": 1}}',
      "2.json": '{"service": {"name": "press", "port": 2}}',
    },
  },
  {
    name: "files: a check in one, its service in another",
    files: {
      "1.json": '{"check": {"name": "up", "service_id": "press", "ttl": "30s"}}',
      "2.hcl": 'service { name = "press" }',
    },
  },
  {
    name: "files: a bad file among good ones",
    files: {
      "1.json": '{"service": {"name": "press"}}',
      "2.json": '{"service": {"name": "mixer"',
      "3.json": '{"ui": true}',
    },
  },
  { name: "-hcl: a setting", files: {}, fragments: ['domain = "plant."'] },
  { name: "-hcl: JSON", files: {}, fragments: ['{"domain": "plant.", "service": {"name": "press"}}'] },
  { name: "-hcl: empty", files: {}, fragments: ["", " "] },
  {
    name: "-hcl: after files",
    files: { "a.json": '{"domain": "plant."}' },
    fragments: ['domain = "hall."', "ui = true"],
  },
  { name: "-hcl: with the format json", files: {}, fragments: ['domain = "hall."'], format: "json" },
];
