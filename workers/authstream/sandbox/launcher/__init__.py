"""The launcher: confines itself by a policy, then becomes the guest; standard library only."""
