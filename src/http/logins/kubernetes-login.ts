import { loginRefused } from "../../acl/login-identity.ts";
import type { Clock } from "../../lib/clock.ts";
import { messageOf } from "../../lib/errors.ts";
import { isRecord } from "../../lib/is-record.ts";
import type { Settings } from "../auth-method-config.ts";
import { fetchText, type JsonRequest } from "./fetch-json.ts";
import type { Verifier } from "./verifier.ts";
import { readWebToken } from "./web-token.ts";

/** The annotation of a service account that names its service, if the account has another name. */
const serviceNameAnnotation = "consul.hashicorp.com/service-name";

/** Returns the verifier of an auth method of type "kubernetes": Kubernetes itself judges the token of a service account. */
export function kubernetesVerifier(settings: Settings, clock: Clock): Verifier {
  const host = settings.text("Host").replace(/\/$/, "");
  const asking = { authority: settings.text("CACert"), token: settings.text("ServiceAccountJWT"), clock };
  const ask = (path: string, body?: object): Promise<Members> =>
    askKubernetes({ ...asking, url: `${host}${path}`, ...(body && { body }) });
  return {
    async identify(bearer) {
      readWebToken(bearer, "failed to parse and validate JWT");
      const { namespace, name, uid } = await reviewedAccount(ask, bearer);
      const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/serviceaccounts/${encodeURIComponent(name)}`;
      const account = await ask(path).catch((error: unknown) => {
        throw loginRefused(`annotation lookup failed: ${messageOf(error)}`);
      });
      const serviceName = memberOf(memberOf(account, "metadata"), "annotations")[serviceNameAnnotation];
      const serviceaccount = { namespace, name: typeof serviceName === "string" ? serviceName : name, uid };
      const variables = Object.entries(serviceaccount).map(
        ([field, value]) => [`serviceaccount.${field}`, value] as const,
      );
      return { fields: { serviceaccount }, variables: new Map(variables) };
    },
    urlFault: () => Promise.resolve(undefined),
  };
}

type Members = Readonly<Record<string, unknown>>;
type Ask = (path: string, body?: object) => Promise<Members>;

interface ServiceAccount {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

async function reviewedAccount(ask: Ask, bearer: string): Promise<ServiceAccount> {
  const review = {
    kind: "TokenReview",
    apiVersion: "authentication.k8s.io/v1",
    metadata: { creationTimestamp: null },
    spec: { token: bearer },
    status: { user: {} },
  };
  const status = memberOf(await ask("/apis/authentication.k8s.io/v1/tokenreviews", review), "status");
  if (typeof status["error"] === "string" && status["error"] !== "")
    throw loginRefused(`lookup failed: ${status["error"]}`);
  if (status["authenticated"] !== true) throw loginRefused("lookup failed: service account jwt not valid");
  const { username, uid } = memberOf(status, "user");
  const [system, kind, namespace, name, ...more] = String(username).split(":");
  if (namespace === undefined || name === undefined || more.length > 0)
    throw loginRefused("lookup failed: unexpected username format");
  if (system !== "system" || kind !== "serviceaccount")
    throw loginRefused("lookup failed: username returned is not a service account");
  return { namespace, name, uid: typeof uid === "string" ? uid : "" };
}

function memberOf(value: Members, name: string): Members {
  const member = value[name];
  return isRecord(member) ? member : {};
}

/** @throws OperatingError denied, code "login-refused", with Kubernetes' message if it refuses */
async function askKubernetes(asked: JsonRequest): Promise<Members> {
  let answer;
  try {
    const { status, text } = await fetchText(asked);
    const json: unknown = JSON.parse(text);
    answer = { status, json: isRecord(json) ? json : {} };
  } catch (error) {
    throw loginRefused(messageOf(error));
  }
  const { status, json } = answer;
  if (status < 200 || status > 299) {
    const { message } = json;
    throw loginRefused(typeof message === "string" ? message : `the server answered ${status}`);
  }
  return json;
}
