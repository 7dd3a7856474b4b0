const { tierOf } = require("actions:tiers");
const { upperFirst } = require("lodash");

exports.onExecutePostLogin = async (event, api) => {
  if (event.secrets.CRM_TOKEN) {
    await fetch("https://crm.example.com/v2/customers?email=" + event.user.email);
    await fetch(`http://audit.example.com:8080/logins`, { method: "POST" });
    await fetch(`https://${event.secrets.CRM_URL}/health`);
  }
  api.user.setAppMetadata("tier", upperFirst(tierOf(event.user)));
};
