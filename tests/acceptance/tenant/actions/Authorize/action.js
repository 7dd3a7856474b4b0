exports.onExecutePostLogin = async (event, api) => {
  const roles = event.authorization?.roles || [];
  if (event.client.name === "Back Office" && !roles.includes("staff")) {
    api.access.deny("User is not authorized for this action");
  }
};
