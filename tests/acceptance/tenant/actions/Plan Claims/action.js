exports.onExecuteCredentialsExchange = async (event, api) => {
  api.accessToken.setCustomClaim("https://portal.example.com/plan", event.client.metadata.plan);
  api.transaction.removeTargetScope("export:orders");
  api.effects.send("log", { message: `${event.client.name} asked` }, { on: "always" });
};
