import { bindNameOf, compileSelector, identityVariables, isBindName } from "../acl/login-identity.ts";
import { OperatingError } from "../lib/errors.ts";
import { isUuid, uuidFault } from "../lib/uuid.ts";
import type { AclAuthMethod, AclBindingRule, AclBindingRuleRow } from "../model/acl.ts";
import type { AclBindingRuleDelete, AclBindingRuleSet } from "./acl-command.ts";
import { getAclAuthMethod, getAclBindingRule } from "./acl-lookup.ts";
import type { Outcome, Rejection } from "./command.ts";
import type { Draft } from "./draft.ts";
import type { State } from "./state.ts";
import { aclBindingRules } from "./tables/acl-binding-rule.ts";

/** Creates or replaces a binding rule. One that exists keeps its auth method if the new one names none. */
export function setAclBindingRule(draft: Draft, { rule: asked, isNew }: AclBindingRuleSet): Outcome {
  const { id } = asked;
  if (!isNew && !isUuid(id)) return rejected(invalid("Binding Rule ID invalid UUID"));
  const known = isNew ? undefined : getAclBindingRule(draft.state, id);
  if (!isNew && !known) return rejected({ code: "acl-unknown", what: "binding-rule", id });
  const rule = { ...asked, authMethod: asked.authMethod === "" && known ? known.authMethod : asked.authMethod };
  if (known && known.authMethod !== rule.authMethod)
    return rejected({ code: "acl-immutable", what: "rule-method", id });
  const reason = faultOf(draft.state, rule);
  if (reason) return rejected(reason);
  const row: AclBindingRuleRow = {
    ...rule,
    id: known?.id ?? id,
    createIndex: known?.createIndex ?? draft.index,
    modifyIndex: draft.index,
  };
  draft.put(aclBindingRules, row, known);
  return { type: "done" };
}

function faultOf(state: State, rule: AclBindingRule): Rejection | undefined {
  const { authMethod, selector, bindType, bindName } = rule;
  if (authMethod === "") return invalid("Invalid Binding Rule: no AuthMethod is set");
  const method = getAclAuthMethod(state, authMethod);
  if (!method) return { code: "acl-unknown", what: "auth-method", id: authMethod };
  const fault = selectorFault(selector, method);
  if (fault !== undefined) return invalid(`invalid Binding Rule: Selector is invalid: ${fault}`);
  if (bindType === "") return invalid("Invalid Binding Rule: no BindType is set");
  if (bindName === "") return invalid("Invalid Binding Rule: no BindName is set");
  if (!["service", "node", "role"].includes(bindType))
    return invalid(`Invalid Binding Rule: unknown BindType ${JSON.stringify(bindType)}`);
  const nameFault = bindNameFault(rule, method);
  return nameFault === undefined ? undefined : invalid(`Invalid Binding Rule: invalid BindName${nameFault}`);
}

function selectorFault(selector: string, method: AclAuthMethod): string | undefined {
  try {
    compileSelector(selector, method);
    return undefined;
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    return error.message.replace(/^Failed to create boolean expression evaluator: /, "");
  }
}

/** Returns the end of the text about a bind name that is not valid. Consul: gives each variable the value "fake" to find out. */
function bindNameFault(rule: AclBindingRule, method: AclAuthMethod): string | undefined {
  const variables = new Map(identityVariables(method).map((name) => [name, "fake"]));
  try {
    return isBindName(rule, bindNameOf(rule, variables)) ? undefined : "";
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    return `: ${error.message}`;
  }
}

export function deleteAclBindingRule(draft: Draft, { id }: AclBindingRuleDelete): Outcome {
  const fault = uuidFault(id);
  if (fault !== undefined) return rejected(invalid(`failed acl binding rule lookup: index error: ${fault}`));
  const known = getAclBindingRule(draft.state, id);
  if (known) draft.delete(aclBindingRules, known);
  return { type: "done" };
}

function rejected(reason: Rejection): Outcome {
  return { type: "rejected", reason };
}

function invalid(fault: string): Rejection {
  return { code: "acl-invalid", fault };
}
