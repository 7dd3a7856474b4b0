exports.onExecutePostLogin = async (event, api) => {
  const history = event.user.app_metadata.history || { count: 0 };
  api.user.setAppMetadata("history", { count: history.count + 1, client: event.client.name });
  api.user.setAppMetadata("legacy_id", null);
  api.user.setUserMetadata({ last_app: event.client.client_id, language: event.request.language });
  // Queued by "Enrich From CRM" in this very login.
  if (event.user.app_metadata.crm_id) {
    api.accessToken.setCustomClaim("https://shop.example.com/crm", event.user.app_metadata.crm_id);
  }
  if (event.client.metadata?.kiosk === "true") {
    api.session.setIdleExpiresAt(Date.parse("2026-01-01T00:00:00Z"));
    api.session.setCookieMode("non-persistent");
  }
};
