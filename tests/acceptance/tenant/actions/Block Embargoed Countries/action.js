/**
 * Handler that will be called during the execution of a PostLogin flow.
 */
exports.onExecutePostLogin = async (event, api) => {
  const embargoed = (event.secrets.EMBARGOED || "KP,SY").split(",");
  const country = event.request?.geoip?.countryCode;
  if (country && embargoed.includes(country)) {
    console.warn(`Login from ${country} refused`);
    api.access.deny(`Access from ${event.request.geoip.countryName ?? country} is not allowed.`);
    return;
  }
};
