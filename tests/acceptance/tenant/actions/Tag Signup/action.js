exports.onExecutePreUserRegistration = async (event, api) => {
  api.user.setAppMetadata("authorized", true);
};
