import { fieldsOf } from "../../client/json-object.ts";
import { goValue, renderGoJson } from "../../wire/go-json.ts";

/*
 * The fields of access control's objects, in the order in which Consul's command line prints them, which is not that of the API.
 * Each field has the value that stands for a missing one; undefined leaves an empty field out.
 */

type Shape = Readonly<Record<string, unknown>>;

const indexes: Shape = { CreateIndex: 0, ModifyIndex: 0 };
const links: Shape = { ServiceIdentities: undefined, NodeIdentities: undefined };

const tokenStart: Shape = { ...indexes, AccessorID: "" };
const tokenEnd: Shape = {
  ...{ Description: "", Policies: undefined, Roles: undefined, ...links, Local: false, AuthMethod: undefined },
  ...{ ExpirationTime: undefined, CreateTime: "0001-01-01T00:00:00Z", Hash: undefined },
};
const policyStart: Shape = { ID: "", Name: "", Description: "" };
const policyEnd: Shape = { Datacenters: null, Hash: null, ...indexes };

/** The fields of a token. */
export const tokenShape: Shape = { ...tokenStart, SecretID: "", ...tokenEnd, Rules: undefined };
/** The fields of a token in a list, which has no secrets. */
export const listedTokenShape: Shape = { ...tokenStart, ...tokenEnd, Legacy: false };
export const policyShape: Shape = { ...policyStart, Rules: "", ...policyEnd };
export const listedPolicyShape: Shape = { ...policyStart, ...policyEnd };
export const roleShape: Shape = {
  ...{ ID: "", Name: "", Description: "", Policies: undefined, ...links, Hash: null },
  ...indexes,
};
const methodStart: Shape = {
  MaxTokenTTL: undefined,
  Name: "",
  Type: "",
  DisplayName: undefined,
  Description: undefined,
};
export const authMethodShape: Shape = { ...methodStart, TokenLocality: undefined, Config: null, ...indexes };
/** The fields of an auth method in a list. */
export const listedAuthMethodShape: Shape = { ...methodStart, ...indexes };
export const bindingRuleShape: Shape = {
  ...{ ID: "", Description: "", AuthMethod: "", Selector: "", BindType: "", BindName: "" },
  ...indexes,
};

/** The fields of a person who logs in with a password. */
export const userShape: Shape = { AuthMethod: "", Name: "", Groups: [], ...indexes };

/** Renders an object of the API as JSON, in the fields of `shape`. */
export function objectJson(shape: Shape, json: unknown): string {
  return renderGoJson(shaped(shape, json), { pretty: true });
}

/** Renders a list of the API as JSON, each object in the fields of `shape`. */
export function listJson(shape: Shape, json: unknown): string {
  const items: readonly unknown[] = Array.isArray(json) ? json : [];
  return renderGoJson(
    items.map((item) => shaped(shape, item)),
    { pretty: true },
  );
}

function shaped(shape: Shape, json: unknown): Shape {
  const given = fieldsOf(json);
  return Object.fromEntries(
    Object.entries(shape).map(([name, absent]) => {
      const value = name === "Config" ? goValue(given[name]) : given[name];
      return [name, (absent === undefined && isEmpty(value) ? undefined : value) ?? absent];
    }),
  );
}

function isEmpty(value: unknown): boolean {
  return value === "" || value === 0 || (Array.isArray(value) && value.length === 0);
}
