/**
 * Roles for the application; see https://auth0.com/docs/customize/actions.
 */
const namespace = "https://acme.example/";

exports.onExecutePostLogin = async (event, api) => {
  const roles = event.authorization?.roles ?? [];
  api.idToken.setCustomClaim(`${namespace}roles`, roles);
  api.accessToken.setCustomClaim("https://acme.example/count", roles.length);
};
