const { startCase } = require("lodash");

exports.tierOf = (user) => {
  const tier = user.app_metadata.tier ?? actions.secrets.DEFAULT_TIER ?? "bronze";
  return startCase(tier);
};
