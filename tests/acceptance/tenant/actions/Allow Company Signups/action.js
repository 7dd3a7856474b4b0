exports.onExecutePreUserRegistration = async (event, api) => {
  const domain = event.user.email?.split("@").pop().toLowerCase();
  if (event.user.email?.includes("+")) {
    api.validation.error("plus_address", "Addresses with a plus sign cannot sign up.");
    return;
  }
  if (domain !== "example.com") {
    const LOG = `domain ${domain} is not on the list`;
    const USER = "Only people of Example can sign up here.";
    api.access.deny(LOG, USER);
    return;
  }
  api.user.setAppMetadata({ signup: { domain }, welcomeEmailSent: false });
  api.user.setUserMetadata("newsletter", event.request.body?.newsletter === "on");
};
