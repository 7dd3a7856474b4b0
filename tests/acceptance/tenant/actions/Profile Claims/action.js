const { claim, pick } = require("./claims");

async function onExecutePostLogin(event, api) {
  const profile = pick(event.user, ["given_name", "family_name", "locale"]);
  for (const [name, value] of Object.entries(profile)) {
    api.idToken.setCustomClaim(claim(name), value);
  }
  const tier = event.transaction?.metadata?.tier;
  if (tier) api.idToken.setCustomClaim(claim("tier"), tier);
  api.idToken.setCustomClaim(claim("org"), event.organization?.name ?? null);
}

module.exports = { onExecutePostLogin };
