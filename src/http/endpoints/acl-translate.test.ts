import { afterAll, expect, test } from "bun:test";
import { startAclServer } from "../../../test/support/acl-server.ts";

const masterSecret = "5f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0000";
const server = await startAclServer({ masterSecret });
afterAll(() => server.stop());

test("the rules of a legacy token are answered in the present syntax under its accessor", async () => {
  const accessorId = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0001";
  const rules = '# Keys\nkey "a/" { policy = "write" }';
  const token = { accessorId, secretId: "old", description: "", type: "client", rules } as const;
  await server.store.submit({ type: "acl-legacy-set", token, rulesFault: undefined });
  const answer = await fetch(`${server.url}/v1/acl/rules/translate/${accessorId}`);
  expect(answer.status).toBe(200);
  expect(await answer.text()).toBe('# Keys\nkey_prefix "a/" {\n  policy = "write"\n}');
});
