exports.onExecuteCredentialsExchange = async (event, api) => {
  if (event.client.metadata?.suspended) {
    api.access.deny("invalid_request", `Client ${event.client.name} is suspended`);
    return;
  }
  api.accessToken.setCustomClaim("https://shop.example.com/plan", event.client.metadata.plan);
  if (event.client.metadata.plan !== "enterprise") {
    api.transaction.removeTargetScope("export:orders");
  }
};
