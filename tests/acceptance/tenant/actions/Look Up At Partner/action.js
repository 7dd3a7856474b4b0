const axios = require("axios");

async function accessToken(event, api) {
  const cached = api.cache.get("partner-token");
  if (cached) return cached.value;
  const { data } = await axios.post(
    `${event.secrets.PARTNER_URL}/oauth/token`,
    new URLSearchParams({
      grant_type: "client_credentials",
      client_id: event.secrets.PARTNER_CLIENT_ID,
      client_secret: event.secrets.PARTNER_CLIENT_SECRET,
      scope: "read:users",
    }),
    { timeout: 2000 }
  );
  api.cache.set("partner-token", data.access_token, { ttl: data.expires_in * 1000 });
  return data.access_token;
}

exports.onExecutePostLogin = async (event, api) => {
  const token = await accessToken(event, api);
  const { data: users } = await axios.get(`${event.secrets.PARTNER_URL}/api/users`, {
    params: { email: event.user.email },
    headers: { Authorization: `Bearer ${token}` },
    timeout: 2000,
  });
  const [found] = users;
  if (!found) return;
  api.transaction.setMetadata("partner_id", found.user_id);
  api.transaction.setMetadata("partner_department", found.department);
  api.user.setAppMetadata("partner", { id: found.user_id, department: found.department });
};
