exports.onExecutePreUserRegistration = async (event, api) => {
  api.user.setAppMetadata("signup_via", event.client?.name ?? "unknown");
  api.user.setUserMetadata("invited", Boolean(event.user.app_metadata?.role));
};
