import type { Member, MemberStatus } from "../model/member.ts";
import { goMap } from "./go-json.ts";

/** Serf's numbers for the statuses. */
const statusNumbers: Readonly<Record<MemberStatus, number>> = { alive: 1, leaving: 2, left: 3, failed: 4 };

/** Encodes a member as agent/members shows it; the protocol versions are those of Consul 1.8. */
export function encodeMember(member: Member): object {
  return {
    Name: member.name,
    Addr: member.address,
    Port: member.port,
    Tags: goMap(member.tags),
    Status: statusNumbers[member.status],
    ProtocolMin: 1,
    ProtocolMax: 5,
    ProtocolCur: 2,
    DelegateMin: 2,
    DelegateMax: 5,
    DelegateCur: 4,
  };
}
