const namespace = "https://shop.example.com";

exports.onExecutePostLogin = async (event, api) => {
  const assignedRoles = event.authorization?.roles ?? [];

  if (event.authorization) {
    api.idToken.setCustomClaim(`${namespace}/roles`, assignedRoles);
    api.accessToken.setCustomClaim(`${namespace}/roles`, assignedRoles);
    api.idToken.setCustomClaim("roles", assignedRoles);
  }
  if (assignedRoles.includes("admin")) {
    api.accessToken.addScope("manage:shop");
  } else {
    api.accessToken.removeScope("manage:shop");
  }
};
