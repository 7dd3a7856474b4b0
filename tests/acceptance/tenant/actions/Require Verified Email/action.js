exports.onExecutePostLogin = async (event, api) => {
  // Social connections verify the address themselves.
  if (event.connection.strategy !== "auth0") return;
  if (!event.user.email_verified) {
    return api.access.deny("Please verify your email before logging in.");
  }
};
