import type { Found } from "./inventory.ts";

/** The agent to import into. */
export interface Destination {
  readonly node: string;
  /** Maximum size of a value in bytes; 0 if the agent does not report it. */
  readonly valueBytesMax: number;
}

/** Returns the inventory without the items that the destination cannot accept, and with a remark for each such item. */
export function acceptable(found: Found, { node: ownNode, valueBytesMax }: Destination): Found {
  const { keys, nodes } = found.inventory;
  const isTooLong = (value: Uint8Array): boolean => valueBytesMax > 0 && value.length > valueBytesMax;
  // Consul ignores the letter case of node names.
  const isOwn = (name: string): boolean => name.toLowerCase() === ownNode.toLowerCase();
  const remarks = [
    ...keys
      .filter(({ value }) => isTooLong(value))
      .map(({ key, value }) => `the key ${key}: it has ${value.length} bytes, and the agent takes ${valueBytesMax}`),
    ...nodes
      .filter(({ node }) => isOwn(node.name))
      .map(({ node }) => `the node ${node.name}: the agent itself has its name`),
    ...keys.filter(({ key }) => key === "").map(() => "a key without a name"),
  ].map((what) => `Skipped: ${what}.`);
  return {
    ...found,
    inventory: {
      ...found.inventory,
      keys: keys.filter(({ key, value }) => key !== "" && !isTooLong(value)),
      nodes: nodes.filter(({ node }) => !isOwn(node.name)),
    },
    remarks: [...found.remarks, ...remarks],
  };
}
