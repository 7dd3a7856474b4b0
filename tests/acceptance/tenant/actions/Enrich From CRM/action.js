const axios = require("axios");

exports.onExecutePostLogin = async (event, api) => {
  const { CRM_URL, CRM_TOKEN } = event.secrets;
  if (!CRM_URL || !CRM_TOKEN) {
    console.log("CRM is not configured, skipping");
    return;
  }
  if (event.user.app_metadata?.crm_id) {
    api.transaction.setMetadata("tier", event.user.app_metadata.tier ?? "unknown");
    return;
  }

  try {
    const response = await axios.get(`${CRM_URL}/customers`, {
      params: { email: event.user.email },
      headers: { Authorization: `Bearer ${CRM_TOKEN}` },
      timeout: 500,
    });
    const { id, tier } = response.data;
    api.user.setAppMetadata("crm_id", id);
    api.user.setAppMetadata("tier", tier);
    api.transaction.setMetadata("tier", tier);
  } catch (err) {
    // Fail open: a login must not depend on the CRM.
    console.error(`CRM lookup failed: ${err.response?.status ?? err.code}`);
  }
};
