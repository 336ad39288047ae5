import { portRecordList, portRecordOf } from "../../ports/port-records.ts";
import { encodePortRecord } from "../../wire/port-record.ts";
import { answerJson } from "../read.ts";
import type { DatacenterEndpoint } from "../route.ts";

export const listPorts: DatacenterEndpoint = (request) =>
  answerJson(request, portRecordList(), (records) => records.map(encodePortRecord));

export const getPort: DatacenterEndpoint = (request) =>
  answerJson(request, portRecordOf(request.rest), (record) => record && encodePortRecord(record));
