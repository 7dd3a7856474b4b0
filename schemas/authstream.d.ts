// What an action may use, for editors and compilers. Rendered by make contracts.
//
//   /**
//    * @param {import("./authstream").Event} event
//    * @param {import("./authstream").PostLoginApi} api
//    */
//   exports.onExecutePostLogin = async (event, api) => {};

export interface CacheRecord {
  value: string;
  /** Milliseconds since 1970. */
  expires_at: number;
}
export type CacheResult =
  | { type: "success"; record?: CacheRecord }
  | { type: "error"; code: string };

/** The login as its provider published it, with what earlier actions changed. */
export interface Event {
  readonly secrets: { readonly [name: string]: string };
  readonly configuration: { readonly [name: string]: any };
  /** Aborted when the action's time is over. */
  readonly signal: AbortSignal;
  readonly [member: string]: any;
}

/** `api` of the trigger credentials-exchange. */
export interface CredentialsExchangeApi {
  readonly accessToken: {
    setCustomClaim(key: string, value: any): CredentialsExchangeApi;
  };
  readonly cache: {
    get(key: any): CacheRecord | undefined;
    set(key: any, value: any, options?: { ttl?: any; expires_at?: any }): CacheResult;
    delete(key: any): CacheResult;
  };
  readonly effects: {
    send(kind: string, payload: { [name: string]: any }, options?: { on?: "allowed" | "denied" | "always"; key?: string; delay?: number }): CredentialsExchangeApi;
  };
}

/** `api` of the trigger custom-email-provider. */
export interface CustomEmailProviderApi {
  readonly cache: {
    get(key: any): CacheRecord | undefined;
    set(key: any, value: any, options?: { ttl?: any; expires_at?: any }): CacheResult;
    delete(key: any): CacheResult;
  };
  readonly effects: {
    send(kind: string, payload: { [name: string]: any }, options?: { on?: "allowed" | "denied" | "always"; key?: string; delay?: number }): CustomEmailProviderApi;
  };
}

/** `api` of the trigger custom-phone-provider. */
export interface CustomPhoneProviderApi {
  readonly cache: {
    get(key: any): CacheRecord | undefined;
    set(key: any, value: any, options?: { ttl?: any; expires_at?: any }): CacheResult;
    delete(key: any): CacheResult;
  };
  readonly effects: {
    send(kind: string, payload: { [name: string]: any }, options?: { on?: "allowed" | "denied" | "always"; key?: string; delay?: number }): CustomPhoneProviderApi;
  };
}

/** `api` of the trigger custom-token-exchange. */
export interface CustomTokenExchangeApi {
  readonly user: {
    setAppMetadata(key: string, value: any): CustomTokenExchangeApi;
    setAppMetadata(values: { [key: string]: any }): CustomTokenExchangeApi;
    setUserMetadata(key: string, value: any): CustomTokenExchangeApi;
    setUserMetadata(values: { [key: string]: any }): CustomTokenExchangeApi;
  };
  readonly cache: {
    get(key: any): CacheRecord | undefined;
    set(key: any, value: any, options?: { ttl?: any; expires_at?: any }): CacheResult;
    delete(key: any): CacheResult;
  };
  readonly effects: {
    send(kind: string, payload: { [name: string]: any }, options?: { on?: "allowed" | "denied" | "always"; key?: string; delay?: number }): CustomTokenExchangeApi;
  };
}

/** `api` of the trigger event-stream. */
export interface EventStreamApi {
  readonly cache: {
    get(key: any): CacheRecord | undefined;
    set(key: any, value: any, options?: { ttl?: any; expires_at?: any }): CacheResult;
    delete(key: any): CacheResult;
  };
  readonly effects: {
    send(kind: string, payload: { [name: string]: any }, options?: { on?: "allowed" | "denied" | "always"; key?: string; delay?: number }): EventStreamApi;
  };
}

/** `api` of the trigger login-post-identifier. */
export interface LoginPostIdentifierApi {
  readonly cache: {
    get(key: any): CacheRecord | undefined;
    set(key: any, value: any, options?: { ttl?: any; expires_at?: any }): CacheResult;
    delete(key: any): CacheResult;
  };
  readonly effects: {
    send(kind: string, payload: { [name: string]: any }, options?: { on?: "allowed" | "denied" | "always"; key?: string; delay?: number }): LoginPostIdentifierApi;
  };
}

/** `api` of the trigger password-hash-migration. */
export interface PasswordHashMigrationApi {
  readonly cache: {
    get(key: any): CacheRecord | undefined;
    set(key: any, value: any, options?: { ttl?: any; expires_at?: any }): CacheResult;
    delete(key: any): CacheResult;
  };
  readonly effects: {
    send(kind: string, payload: { [name: string]: any }, options?: { on?: "allowed" | "denied" | "always"; key?: string; delay?: number }): PasswordHashMigrationApi;
  };
}

/** `api` of the trigger password-reset-post-challenge. */
export interface PasswordResetPostChallengeApi {
  readonly cache: {
    get(key: any): CacheRecord | undefined;
    set(key: any, value: any, options?: { ttl?: any; expires_at?: any }): CacheResult;
    delete(key: any): CacheResult;
  };
  readonly effects: {
    send(kind: string, payload: { [name: string]: any }, options?: { on?: "allowed" | "denied" | "always"; key?: string; delay?: number }): PasswordResetPostChallengeApi;
  };
}

/** `api` of the trigger post-change-password. */
export interface PostChangePasswordApi {
  readonly cache: {
    get(key: any): CacheRecord | undefined;
    set(key: any, value: any, options?: { ttl?: any; expires_at?: any }): CacheResult;
    delete(key: any): CacheResult;
  };
  readonly effects: {
    send(kind: string, payload: { [name: string]: any }, options?: { on?: "allowed" | "denied" | "always"; key?: string; delay?: number }): PostChangePasswordApi;
  };
}

/** `api` of the trigger post-login. */
export interface PostLoginApi {
  readonly access: {
    deny(reason: string): PostLoginApi;
  };
  readonly idToken: {
    setCustomClaim(key: string, value: any): PostLoginApi;
  };
  readonly accessToken: {
    setCustomClaim(key: string, value: any): PostLoginApi;
  };
  readonly user: {
    setAppMetadata(key: string, value: any): PostLoginApi;
    setAppMetadata(values: { [key: string]: any }): PostLoginApi;
    setUserMetadata(key: string, value: any): PostLoginApi;
    setUserMetadata(values: { [key: string]: any }): PostLoginApi;
  };
  readonly transaction: {
    setMetadata(key: string, value: string | number | boolean | null): PostLoginApi;
  };
  readonly cache: {
    get(key: any): CacheRecord | undefined;
    set(key: any, value: any, options?: { ttl?: any; expires_at?: any }): CacheResult;
    delete(key: any): CacheResult;
  };
  readonly effects: {
    send(kind: string, payload: { [name: string]: any }, options?: { on?: "allowed" | "denied" | "always"; key?: string; delay?: number }): PostLoginApi;
  };
}

/** `api` of the trigger post-user-registration. */
export interface PostUserRegistrationApi {
  readonly cache: {
    get(key: any): CacheRecord | undefined;
    set(key: any, value: any, options?: { ttl?: any; expires_at?: any }): CacheResult;
    delete(key: any): CacheResult;
  };
  readonly effects: {
    send(kind: string, payload: { [name: string]: any }, options?: { on?: "allowed" | "denied" | "always"; key?: string; delay?: number }): PostUserRegistrationApi;
  };
}

/** `api` of the trigger pre-user-registration. */
export interface PreUserRegistrationApi {
  readonly user: {
    setAppMetadata(key: string, value: any): PreUserRegistrationApi;
    setAppMetadata(values: { [key: string]: any }): PreUserRegistrationApi;
    setUserMetadata(key: string, value: any): PreUserRegistrationApi;
    setUserMetadata(values: { [key: string]: any }): PreUserRegistrationApi;
  };
  readonly cache: {
    get(key: any): CacheRecord | undefined;
    set(key: any, value: any, options?: { ttl?: any; expires_at?: any }): CacheResult;
    delete(key: any): CacheResult;
  };
  readonly effects: {
    send(kind: string, payload: { [name: string]: any }, options?: { on?: "allowed" | "denied" | "always"; key?: string; delay?: number }): PreUserRegistrationApi;
  };
}

/** `api` of the trigger send-phone-message. */
export interface SendPhoneMessageApi {
  readonly cache: {
    get(key: any): CacheRecord | undefined;
    set(key: any, value: any, options?: { ttl?: any; expires_at?: any }): CacheResult;
    delete(key: any): CacheResult;
  };
  readonly effects: {
    send(kind: string, payload: { [name: string]: any }, options?: { on?: "allowed" | "denied" | "always"; key?: string; delay?: number }): SendPhoneMessageApi;
  };
}

/** `api` of the trigger signup-post-identifier. */
export interface SignupPostIdentifierApi {
  readonly cache: {
    get(key: any): CacheRecord | undefined;
    set(key: any, value: any, options?: { ttl?: any; expires_at?: any }): CacheResult;
    delete(key: any): CacheResult;
  };
  readonly effects: {
    send(kind: string, payload: { [name: string]: any }, options?: { on?: "allowed" | "denied" | "always"; key?: string; delay?: number }): SignupPostIdentifierApi;
  };
}
