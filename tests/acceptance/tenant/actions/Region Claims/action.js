exports.onExecuteCredentialsExchange = async (event, api) => {
  api.accessToken.setCustomClaim("https://portal.example.com/region", "eu");
};
