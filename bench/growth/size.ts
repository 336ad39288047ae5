/** The amount of data in an agent. */
export interface Size {
  readonly services: number;
  readonly keys: number;
}

const usual = "1000 10000 100000";
const keysPerService = 10;

/**
 * Parses sizes, which are given as numbers of services. Returns them with the smallest first.
 * @throws Error when a number is not a multiple of 100
 */
export function readSizes(text: string = usual): readonly Size[] {
  const sizes = text.trim().split(/\s+/).map(Number);
  for (const services of sizes) {
    if (!(services > 0) || services % 100 !== 0)
      throw new Error(`a size is some hundreds of services, not ${services}`);
  }
  return sizes.toSorted((a, b) => a - b).map((services) => ({ services, keys: services * keysPerService }));
}

export function isUsual(sizes: readonly Size[]): boolean {
  return sizes.map(({ services }) => services).join(" ") === usual;
}
