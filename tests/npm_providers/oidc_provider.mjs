// A certified OpenID provider that asks the gateway for the claims of its tokens.
import {Provider, errors} from "oidc-provider";

const {GATEWAY, SECRET, PORT} = process.env;
const issuer = `http://127.0.0.1:${PORT}`;

async function decide(client, account) {
  const answer = await fetch(GATEWAY, {
    method: "POST",
    headers: {authorization: `Bearer ${SECRET}`, "content-type": "application/json"},
    body: JSON.stringify({
      client: {client_id: client},
      connection: {name: "oidc-provider"},
      request: {ip: "127.0.0.1"},
      user: {user_id: account},
    }),
  });
  const verdict = await answer.json();
  if (verdict.outcome !== "allowed") throw new errors.AccessDenied(verdict.user_message);
  return verdict.claims;
}

const client = {client_secret: "secret", token_endpoint_auth_method: "client_secret_post"};
const provider = new Provider(issuer, {
  clients: [
    {
      ...client,
      client_id: "web",
      grant_types: ["authorization_code", "refresh_token"],
      redirect_uris: ["http://127.0.0.1:5555/cb"],
    },
  ],
  claims: {openid: ["sub"], profile: ["tenant", "plan"]},
  conformIdTokenClaims: false,
  features: {
    devInteractions: {enabled: true},
    resourceIndicators: {
      enabled: true,
      defaultResource: () => "urn:api",
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: "api openid profile",
        accessTokenFormat: "jwt",
        audience: "urn:api",
      }),
    },
  },
  async extraTokenClaims(_context, token) {
    return (await decide(token.clientId, token.accountId)).access_token;
  },
  async findAccount(_context, id) {
    const claims = async (use) =>
      use === "id_token" ? {sub: id, ...(await decide("web", id)).id_token} : {sub: id};
    return {accountId: id, claims};
  },
});
provider.listen(Number(PORT), "127.0.0.1");
