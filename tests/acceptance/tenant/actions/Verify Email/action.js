exports.onExecutePostLogin = async (event, api) => {
  if (event.user.app_metadata?.address_verified === event.user.email) return;

  const session_token = api.redirect.encodeToken({
    secret: event.secrets.REDIRECT_SECRET,
    expiresInSeconds: 600,
    payload: { email: event.user.email },
  });
  const link = `https://portal.example.com/verify?session_token=${session_token}`;
  api.effects.send(
    "email",
    { to: event.user.email, subject: "Confirm your address", text: `Please open ${link}` },
    { on: "suspended" }
  );
  api.redirect.sendUserTo("https://portal.example.com/check-your-mail", { query: { session_token } });
};

exports.onContinuePostLogin = async (event, api) => {
  const payload = api.redirect.validateToken({ secret: event.secrets.REDIRECT_SECRET });
  if (payload.verified !== true) {
    return api.access.deny("The address was not confirmed.");
  }
  api.user.setAppMetadata("address_verified", event.user.email);
};
