const blocked = @@BLOCKED@@;
const title = "##TITLE##";
const support = "##SUPPORT##";

exports.onExecutePostLogin = async (event, api) => {
  const country = event.request.geoip.countryCode;
  if (blocked.includes(country)) api.access.deny(`${title} is not offered in ${country}. ${support}`);
};
