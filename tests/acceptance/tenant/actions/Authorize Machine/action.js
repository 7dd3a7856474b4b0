exports.onExecuteCredentialsExchange = async (event, api) => {
  const { role } = event.client.metadata;
  if (event.client.name === "Back Office" && role !== "staff") {
    api.access.deny("User is not authorized for this action");
  }
};
