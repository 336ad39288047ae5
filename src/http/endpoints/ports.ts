import { portRecordList, portRecordOf } from "../../ports/port-records.ts";
import { renderGoJson } from "../../wire/go-json.ts";
import { encodePortRecord } from "../../wire/port-record.ts";
import { jsonHeaders } from "../answers.ts";
import type { Api, Endpoint } from "../api.ts";
import { answerQuery } from "../read.ts";

export function listPorts(api: Api): Endpoint {
  return (request) =>
    answerQuery(api, request, portRecordList(), {
      headers: jsonHeaders,
      body: (records) => renderGoJson(records.map(encodePortRecord), request),
    });
}

export function getPort(api: Api): Endpoint {
  return (request) =>
    answerQuery(api, request, portRecordOf(request.rest), {
      headers: jsonHeaders,
      body: (record) => record && renderGoJson(encodePortRecord(record), request),
    });
}
