exports.onExecutePreUserRegistration = async (event, api) => {
  // What the action before has queued for this very signup.
  const { role, signup_via } = event.user.app_metadata;
  if (signup_via === "Back Office" && role !== "staff") {
    api.access.deny("User is not authorized for this action");
  }
};
