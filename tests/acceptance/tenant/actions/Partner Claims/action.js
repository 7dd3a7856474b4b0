exports.onExecutePostLogin = async (event, api) => {
  const { partner_id, partner_department } = event.transaction.metadata;
  if (!partner_id) return;
  api.idToken.setCustomClaim("https://portal.example.com/partner_id", partner_id);
  api.accessToken.setCustomClaim("https://portal.example.com/department", partner_department);
};
