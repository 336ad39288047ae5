import type { Growth } from "./figures.ts";

/** Invented results for tests: one row is flat, one grows, and two measure all data. */
export const sample: Growth = {
  run: "- Date: none",
  sizes: [
    { services: 1_000, keys: 10_000 },
    { services: 100_000, keys: 1_000_000 },
  ],
  rows: [
    { name: "flat", title: "read a key", unit: "ms", grows: "flat" },
    { name: "grows", title: "list folders & count < all", unit: "ms", grows: "flat" },
    { name: "memory-keys", title: "memory with the keys", unit: "MiB", grows: "data" },
    { name: "memory-rest", title: "memory at rest", unit: "MiB", grows: "data" },
  ],
  series: [
    {
      row: "flat",
      contender: "Praetor",
      readings: [
        [1, 2, 3],
        [3, 2.5, 2],
      ],
    },
    {
      row: "flat",
      contender: "Consul",
      readings: [
        [2, 2, 2],
        [2, 2, 2],
      ],
    },
    { row: "grows", contender: "Praetor", readings: [[1], [100]] },
    { row: "memory-keys", contender: "Praetor", readings: [[60], [1_004.142_456]] },
    { row: "memory-rest", contender: "Praetor", readings: [[70], [1_202.951_05]] },
  ],
};
