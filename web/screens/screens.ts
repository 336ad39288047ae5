import type { Screen } from "../shell/screen.ts";

/** All screens. Those with a key are in the menu, in this order. */
export const screens: readonly Screen[] = [
  { pattern: "/", title: "Overview", key: "o", load: async () => (await import("./overview.tsx")).Overview },
  { pattern: "/services", title: "Services", key: "s", load: async () => (await import("./services.tsx")).Services },
  { pattern: "/services/:name", title: "Service", load: async () => (await import("./service.tsx")).Service },
  { pattern: "/keys", title: "Keys", key: "k", load: async () => (await import("./keys/keys.tsx")).Keys },
  { pattern: "/keys/*name", title: "Keys", load: async () => (await import("./keys/keys.tsx")).Keys },
  { pattern: "/search", title: "Search", load: async () => (await import("./keys/search.tsx")).Search },
  { pattern: "/doctor", title: "Doctor", key: "d", load: async () => (await import("./doctor.tsx")).Doctor },
  { pattern: "/nodes", title: "Nodes", key: "n", load: async () => (await import("./nodes.tsx")).Nodes },
  { pattern: "/ports", title: "Ports", key: "p", load: async () => (await import("./ports.tsx")).Ports },
  { pattern: "/sessions", title: "Sessions", key: "e", load: async () => (await import("./sessions.tsx")).Sessions },
  { pattern: "/metrics", title: "Metrics", key: "m", load: async () => (await import("./metrics.tsx")).Metrics },
  { pattern: "/log", title: "Log", key: "l", load: async () => (await import("./log.tsx")).Log },
  { pattern: "/agent", title: "Agent", key: "a", load: async () => (await import("./agent.tsx")).AgentScreen },
];
