"""Turns an auth0-deploy-cli export, in either of its formats, into a folder of ours."""
