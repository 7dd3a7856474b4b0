// What the vendors' own clients send to write metadata; nothing leaves this process.
import { createRequire } from "node:module";
import { create, getOption, toJson } from "@bufbuild/protobuf";
import { GoTrueAdminApi } from "@supabase/auth-js";
import { http } from "@zitadel/proto/google/api/annotations_pb.js";
import { ManagementService } from "@zitadel/proto/zitadel/management_pb.js";

const { ManagementClient } = createRequire(import.meta.url)("auth0");
const { user, app_metadata, user_metadata, entries, removed } = JSON.parse(
  await new Response(process.stdin).text(),
);
const sent = [];
const recorded = async (input, init) => {
  const request = new Request(input, init);
  const body = await request.text();
  const { pathname } = new URL(request.url);
  sent.push({
    method: request.method,
    path: pathname,
    headers: Object.fromEntries(request.headers),
    body: body ? JSON.parse(body) : null,
  });
  return new Response("{}", { headers: { "content-type": "application/json" } });
};
globalThis.fetch = recorded;

const taken = async (call) => {
  await call;
  return sent.splice(0);
};

/** What Zitadel's gateway makes of a method, by the annotations of its API. */
const ofZitadel = (name, members) => {
  const method = ManagementService.method[name];
  const { pattern, body } = getOption(method, http);
  const values = toJson(method.input, create(method.input, members));
  const inPath = new Set();
  const path = pattern.value.replace(/\{(\w+)\}/g, (_, key) => {
    inPath.add(key);
    return encodeURIComponent(values[key]);
  });
  const rest = Object.fromEntries(Object.entries(values).filter(([key]) => !inPath.has(key)));
  return {
    method: pattern.case.toUpperCase(),
    path: `/management/v1${path}`,
    body: body === "*" ? rest : null,
  };
};

const auth0 = new ManagementClient({ domain: "shop.example.com", token: "fixed" });
const supabase = new GoTrueAdminApi({
  url: "https://shop.example.com/auth/v1",
  headers: { apikey: "fixed", authorization: "Bearer fixed" },
  fetch: recorded,
});
const bytes = entries.map(({ key, value }) => ({ key, value: Buffer.from(value, "base64") }));
process.stdout.write(
  JSON.stringify({
    auth0: await taken(auth0.users.update(user, { app_metadata, user_metadata })),
    supabase: await taken(supabase.updateUserById(user, { app_metadata, user_metadata })),
    zitadel: [
      ofZitadel("bulkSetUserMetadata", { id: user, metadata: bytes }),
      ofZitadel("removeUserMetadata", { id: user, key: removed }),
    ],
  }),
);
