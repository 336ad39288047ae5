/** The kinds of things that a rule of access control names. */
export type Resource =
  | "acl"
  | "agent"
  | "event"
  | "intention"
  | "key"
  | "keyring"
  | "node"
  | "operator"
  | "query"
  | "service"
  | "session";

/** "write" includes "list" and "read"; "list", which only keys have, includes "read". */
export type Access = "read" | "list" | "write";

/** The decisions of access control about one caller. */
export interface Rights {
  /** @param name the name of the key, node, service and so on; left out for "acl", "keyring" and "operator", of which there is one */
  may(resource: Resource, access: Access, name?: string): boolean;
  /** Returns whether the caller may delete all keys that begin with `prefix`. */
  mayWriteTree(prefix: string): boolean;
}

/** The rights of a caller that may do everything: a part of the agent, or any client while access control is off. */
export const everything: Rights = { may: () => true, mayWriteTree: () => true };

/** Consul's text in place of a secret that the caller may not see. */
export const hiddenSecret = "<hidden>";
