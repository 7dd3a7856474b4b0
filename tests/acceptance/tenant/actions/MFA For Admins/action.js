exports.onExecutePostLogin = async (event, api) => {
  const completed = event.authentication?.methods?.some((method) => method.name === "mfa");
  if (event.authorization?.roles?.includes("admin") && !completed) {
    api.multifactor.enable("any", { allowRememberBrowser: false });
  }
};
