import type { Command } from "./command.ts";
import { aclObservedCommand } from "./commands/acl-observed.ts";
import { auditVerifyCommand } from "./commands/audit-verify.ts";
import { aclAuthMethodCommands } from "./commands/acl-auth-method.ts";
import { aclBindingRuleCommands } from "./commands/acl-binding-rule.ts";
import { aclBootstrapCommand } from "./commands/acl-bootstrap.ts";
import { aclPolicyCommands } from "./commands/acl-policy.ts";
import { aclRoleCommands } from "./commands/acl-role.ts";
import { aclSetAgentTokenCommand } from "./commands/acl-set-agent-token.ts";
import { aclTokenCommands } from "./commands/acl-token.ts";
import { aclTranslateRulesCommand } from "./commands/acl-translate-rules.ts";
import { aclUserCommands } from "./commands/acl-user.ts";
import { catalogDatacentersCommand } from "./commands/catalog-datacenters.ts";
import { catalogNodesCommand } from "./commands/catalog-nodes.ts";
import { catalogServicesCommand } from "./commands/catalog-services.ts";
import { debugCommand } from "./commands/debug.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { eventCommand } from "./commands/event.ts";
import { execCommand } from "./commands/exec.ts";
import { exportCommand } from "./commands/export.ts";
import { forceLeaveCommand } from "./commands/force-leave.ts";
import { importCommand } from "./commands/import.ts";
import { infoCommand } from "./commands/info.ts";
import { joinCommand } from "./commands/join.ts";
import { keygenCommand } from "./commands/keygen.ts";
import { keyringCommand } from "./commands/keyring.ts";
import { kvApplyCommand } from "./commands/kv-apply.ts";
import { kvCopyCommand } from "./commands/kv-copy.ts";
import { kvDeleteCommand } from "./commands/kv-delete.ts";
import { kvEditCommand } from "./commands/kv-edit.ts";
import { kvExportCommand } from "./commands/kv-export.ts";
import { kvGetCommand } from "./commands/kv-get.ts";
import { kvDiffCommand } from "./commands/kv-diff.ts";
import { kvHistoryCommand } from "./commands/kv-history.ts";
import { kvOriginCommand } from "./commands/kv-origin.ts";
import { kvResetCommand } from "./commands/kv-reset.ts";
import { kvRollbackCommand } from "./commands/kv-rollback.ts";
import { kvConfirmCommand, kvTrialsCommand, kvUndoCommand } from "./commands/kv-trial.ts";
import { kvWatchCommand } from "./commands/kv-watch.ts";
import { kvImportCommand } from "./commands/kv-import.ts";
import { kvMoveCommand } from "./commands/kv-move.ts";
import { kvPutCommand } from "./commands/kv-put.ts";
import { kvSearchCommand } from "./commands/kv-search.ts";
import { leaveCommand } from "./commands/leave.ts";
import { lockCommand } from "./commands/lock.ts";
import { loginCommand } from "./commands/login.ts";
import { logoutCommand } from "./commands/logout.ts";
import { maintCommand } from "./commands/maint.ts";
import { membersCommand } from "./commands/members.ts";
import { monitorCommand } from "./commands/monitor.ts";
import { operatorAutopilotGetConfigCommand } from "./commands/operator-autopilot-get-config.ts";
import { operatorAutopilotSetConfigCommand } from "./commands/operator-autopilot-set-config.ts";
import { operatorRaftListPeersCommand } from "./commands/operator-raft-list-peers.ts";
import { operatorRaftRemovePeerCommand } from "./commands/operator-raft-remove-peer.ts";
import { portsCommand } from "./commands/ports.ts";
import { reloadCommand } from "./commands/reload.ts";
import { rttCommand } from "./commands/rtt.ts";
import { servicesDeregisterCommand } from "./commands/services-deregister.ts";
import { servicesRegisterCommand } from "./commands/services-register.ts";
import { snapshotInspectCommand } from "./commands/snapshot-inspect.ts";
import { snapshotRestoreCommand } from "./commands/snapshot-restore.ts";
import { snapshotSaveCommand } from "./commands/snapshot-save.ts";
import { tlsCaCreateCommand } from "./commands/tls-ca-create.ts";
import { tlsCertCreateCommand } from "./commands/tls-cert-create.ts";
import { topCommand } from "./commands/top.ts";
import { validateCommand } from "./commands/validate.ts";
import { watchCommand } from "./commands/watch.ts";

/**
 * The commands that connect to an agent or work on files. main.ts adds the others: those that run an agent (agent, edgex), that
 * decide a check by their exit code (health, checker), or that need the program's name or version (completion, version).
 */
export const clientCommands: readonly Command[] = [
  aclObservedCommand,
  auditVerifyCommand,
  aclBootstrapCommand,
  ...aclTokenCommands,
  ...aclPolicyCommands,
  ...aclRoleCommands,
  ...aclAuthMethodCommands,
  ...aclBindingRuleCommands,
  ...aclUserCommands,
  aclTranslateRulesCommand,
  aclSetAgentTokenCommand,
  catalogDatacentersCommand,
  catalogNodesCommand,
  catalogServicesCommand,
  debugCommand,
  doctorCommand,
  eventCommand,
  execCommand,
  exportCommand,
  forceLeaveCommand,
  importCommand,
  infoCommand,
  joinCommand,
  keygenCommand,
  keyringCommand,
  kvApplyCommand,
  kvConfirmCommand,
  kvCopyCommand,
  kvDeleteCommand,
  kvEditCommand,
  kvExportCommand,
  kvGetCommand,
  kvDiffCommand,
  kvHistoryCommand,
  kvOriginCommand,
  kvResetCommand,
  kvRollbackCommand,
  kvWatchCommand,
  kvImportCommand,
  kvMoveCommand,
  kvPutCommand,
  kvSearchCommand,
  kvTrialsCommand,
  kvUndoCommand,
  leaveCommand,
  lockCommand,
  loginCommand,
  logoutCommand,
  maintCommand,
  membersCommand,
  monitorCommand,
  operatorAutopilotGetConfigCommand,
  operatorAutopilotSetConfigCommand,
  operatorRaftListPeersCommand,
  operatorRaftRemovePeerCommand,
  portsCommand,
  reloadCommand,
  rttCommand,
  servicesDeregisterCommand,
  servicesRegisterCommand,
  snapshotInspectCommand,
  snapshotRestoreCommand,
  snapshotSaveCommand,
  tlsCaCreateCommand,
  tlsCertCreateCommand,
  topCommand,
  validateCommand,
  watchCommand,
];
