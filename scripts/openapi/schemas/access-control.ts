import {
  anyObject,
  boolean,
  count,
  indexes,
  listOf,
  mapOf,
  object,
  oneOf,
  ref,
  type Schemas,
  text,
  textMapOrNull,
  texts,
  textsOrNull,
  time,
  duration,
} from "../schema.ts";

const links = listOf(ref("AclLink"));
const identities = {
  ServiceIdentities: listOf(object({ ServiceName: text }, { Datacenters: textsOrNull })),
  NodeIdentities: listOf(object({ NodeName: text, Datacenter: text })),
} as const;
const grants = { Policies: links, Roles: links, ...identities } as const;
const givenLinks = listOf(object({}, { ID: text, Name: text }));
const hashAndIndexes = { Hash: text, ...indexes } as const;
const method = { Name: text, Type: text } as const;
const methodNames = { DisplayName: text, Description: text } as const;
const methodSettings = { MaxTokenTTL: duration, TokenLocality: oneOf("local", "global") } as const;
const token = { AccessorID: text, Description: text, Local: boolean, CreateTime: time, ...hashAndIndexes } as const;
const tokenOptions = { ...grants, AuthMethod: text, ExpirationTime: time } as const;
const legacyFields = { Name: text, Type: oneOf("", "client", "management"), Rules: text } as const;
const bindingRule = { AuthMethod: text, Description: text, Selector: text, BindType: text, BindName: text } as const;

/** The objects of access control. */
export const accessControlSchemas: Schemas = {
  AclLink: object({ ID: text, Name: text }),
  AclPolicy: object(
    { ID: text, Name: text, Description: text, Rules: text, ...hashAndIndexes },
    { Datacenters: texts },
  ),
  AclPolicyInList: object({ ID: text, Name: text, Description: text, Datacenters: textsOrNull, ...hashAndIndexes }),
  AclPolicyRequest: object({ Name: text }, { ID: text, Description: text, Rules: text, Datacenters: textsOrNull }),
  AclRole: object({ ID: text, Name: text, Description: text, ...hashAndIndexes }, { Policies: links, ...identities }),
  AclRoleRequest: object({ Name: text }, { ID: text, Description: text, Policies: givenLinks, ...identities }),
  AclToken: object({ ...token, SecretID: text }, { ...tokenOptions, Rules: text }),
  AclTokenInList: object(token, { ...tokenOptions, SecretID: text, Legacy: boolean }),
  AclBootstrapToken: object({ ...token, ID: text, SecretID: text }, { ...tokenOptions, Rules: text }),
  AclTokenRequest: object(
    {},
    {
      ...{ AccessorID: text, SecretID: text, Description: text, Policies: givenLinks, Roles: givenLinks },
      ...{ ...identities, Local: boolean, ExpirationTime: time, ExpirationTTL: duration },
    },
  ),
  AclAuthMethod: object(
    { ...method, Config: { type: ["object", "null"] }, ...indexes },
    { ...methodNames, ...methodSettings },
  ),
  AclAuthMethodInList: object({ ...method, ...indexes }, methodNames),
  AclAuthMethodRequest: object({ ...method, Config: anyObject }, { ...methodNames, ...methodSettings }),
  AclBindingRule: object({ ID: text, ...bindingRule, ...indexes }),
  AclBindingRuleRequest: object(
    { AuthMethod: text, BindType: text, BindName: text },
    { ID: text, Description: text, Selector: text },
  ),
  AclUser: object({ AuthMethod: text, Name: text, Groups: texts, ...indexes }),
  AclUserRequest: object({ AuthMethod: text, Name: text }, { Groups: texts, Password: text }),
  AclLogin: object({ AuthMethod: text, BearerToken: text }, { Meta: textMapOrNull }),
  AclLegacyToken: object({ ID: text, ...legacyFields, ...indexes }),
  AclLegacyTokenRequest: object({}, { ID: text, ...legacyFields }),
  AclLegacyTokenId: object({ ID: text }),
  AclReplication: object({
    ...{ Enabled: boolean, Running: boolean, SourceDatacenter: text, ReplicationType: text },
    ...{ ReplicatedIndex: count, ReplicatedRoleIndex: count, ReplicatedTokenIndex: count },
    ...{ LastSuccess: time, LastError: time },
  }),
  AclQuestion: object({ Resource: text, Access: text }, { Segment: text }),
  AclDecision: object({ Resource: text, Access: text, Allow: boolean }, { Segment: text }),
  AclRecovered: object({ AccessorID: text }),
  AclObserved: object({
    ...{ Since: time, Dropped: count },
    Tokens: listOf(
      object({
        ...{ AccessorID: text, Description: text, Policy: text },
        Refusals: listOf(object({ Resource: text, Access: text, Name: text, Count: count, First: time, Last: time })),
      }),
    ),
  }),
  AgentTokenRequest: object({ Token: text }),
  NullsByName: mapOf({ type: "null" }),
};
