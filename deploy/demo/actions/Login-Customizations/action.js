/**
 * The classic first Action, as it runs on Auth0: roles in the token, a log line, a flag on the user.
 */
exports.onExecutePostLogin = async (event, api) => {
  api.idToken.setCustomClaim("https://your-app.com/roles", ["admin", "user"]);
  console.log(`Login of ${event.user.email}`);
  api.user.setAppMetadata({ welcomeEmailSent: true });
};
