// What an action may use, for editors and compilers. Rendered by make contracts.
//
//   /**
//    * @param {import("./authstream").PostLoginEvent} event
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

/** A group or a role. */
export interface Entry {
  id: string;
  name: string;
  [member: string]: any;
}
export interface Membership {
  is_member: boolean;
  matches: Entry[];
}

/** What every event has; the rest is as published, with what earlier actions changed. */
export interface Event {
  readonly secrets: { readonly [name: string]: string };
  readonly configuration: { readonly [name: string]: any };
  /** Aborted when the action's time is over. */
  readonly signal: AbortSignal;
  readonly [member: string]: any;
}

/** The event of a client-credentials grant. */
export interface CredentialsExchangeEvent extends Event {
  client: {
    client_id: string;
    name?: string;
    metadata?: { [name: string]: any };
    [member: string]: any;
  };
  request: {
    ip: string;
    geoip?: {
      cityName?: string;
      continentCode?: string;
      countryCode?: string;
      countryCode3?: string;
      countryName?: string;
      latitude?: number;
      longitude?: number;
      subdivisionCode?: string;
      subdivisionName?: string;
      timeZone?: string;
      [member: string]: any;
    };
    hostname?: string;
    language?: string;
    method?: string;
    user_agent?: string;
    body?: { [name: string]: any };
    [member: string]: any;
  };
  tenant: {
    id: string;
    [member: string]: any;
  };
  resource_server?: {
    identifier: string;
    [member: string]: any;
  };
  accessToken?: {
    customClaims?: { [name: string]: any };
    scope?: (string)[];
    [member: string]: any;
  };
  transaction?: {
    correlation_id?: string;
    requested_scopes?: (string)[];
    target_scopes?: (string)[];
    [member: string]: any;
  };
  agent?: {
    agent_id: string;
    name?: string;
    agent_metadata?: { [name: string]: any };
    [member: string]: any;
  };
  custom_domain?: {
    domain: string;
    domain_metadata?: { [name: string]: any };
    [member: string]: any;
  };
  organization?: {
    id: string;
    name?: string;
    display_name?: string;
    metadata?: { [name: string]: any };
    [member: string]: any;
  };
}

/** The event of an e-mail to send. */
export interface CustomEmailProviderEvent extends Event {
  client: {
    client_id: string;
    name?: string;
    metadata?: { [name: string]: any };
    [member: string]: any;
  };
  notification: {
    to: string;
    from?: string;
    html?: string;
    locale?: string;
    message_type?: string;
    subject?: string;
    text?: string;
    [member: string]: any;
  };
  tenant: {
    id: string;
    friendly_name?: string;
    home_url?: string;
    logo_url?: string;
    support_email?: string;
    support_url?: string;
    [member: string]: any;
  };
  user: {
    email?: string;
    family_name?: string;
    given_name?: string;
    name?: string;
    nickname?: string;
    picture?: string;
    username?: string;
    app_metadata?: { [name: string]: any };
    user_metadata?: { [name: string]: any };
    user_id: string;
    email_verified?: boolean;
    [member: string]: any;
  };
  request?: {
    geoip?: {
      cityName?: string;
      continentCode?: string;
      countryCode?: string;
      countryCode3?: string;
      countryName?: string;
      latitude?: number;
      longitude?: number;
      subdivisionCode?: string;
      subdivisionName?: string;
      timeZone?: string;
      [member: string]: any;
    };
    hostname?: string;
    ip?: string;
    query?: { [name: string]: any };
    user_agent?: string;
    [member: string]: any;
  };
  connection?: {
    id?: string;
    name: string;
    strategy?: string;
    metadata?: { [name: string]: any };
    [member: string]: any;
  };
  custom_domain?: {
    domain: string;
    domain_metadata?: { [name: string]: any };
    [member: string]: any;
  };
  organization?: {
    id: string;
    name?: string;
    display_name?: string;
    metadata?: { [name: string]: any };
    [member: string]: any;
  };
  transaction?: {
    correlation_id?: string;
    [member: string]: any;
  };
}

/** The event of a message to send. */
export interface CustomPhoneProviderEvent extends Event {
  client: {
    client_id: string;
    name?: string;
    metadata?: { [name: string]: any };
    [member: string]: any;
  };
  notification: {
    recipient: string;
    from?: string;
    as_text?: string;
    as_voice?: string;
    code?: string;
    delivery_method?: string;
    locale?: string;
    message_type?: string;
    [member: string]: any;
  };
  request: {
    ip: string;
    geoip?: {
      cityName?: string;
      continentCode?: string;
      countryCode?: string;
      countryCode3?: string;
      countryName?: string;
      latitude?: number;
      longitude?: number;
      subdivisionCode?: string;
      subdivisionName?: string;
      timeZone?: string;
      [member: string]: any;
    };
    hostname?: string;
    language?: string;
    method?: string;
    user_agent?: string;
    [member: string]: any;
  };
  tenant: {
    id: string;
    friendly_name?: string;
    home_url?: string;
    logo_url?: string;
    support_email?: string;
    support_url?: string;
    [member: string]: any;
  };
  user: {
    email?: string;
    family_name?: string;
    given_name?: string;
    name?: string;
    nickname?: string;
    picture?: string;
    username?: string;
    app_metadata?: { [name: string]: any };
    user_metadata?: { [name: string]: any };
    phone_number?: string;
    user_id: string;
    created_at?: string;
    updated_at?: string;
    email_verified?: boolean;
    phone_verified?: boolean;
    last_password_reset?: string;
    identities?: ({
      connection?: string;
      isSocial?: boolean;
      profileData?: { [name: string]: any };
      provider?: string;
      user_id?: any;
      [member: string]: any;
    })[];
    [member: string]: any;
  };
  connection?: {
    id?: string;
    name: string;
    strategy?: string;
    metadata?: { [name: string]: any };
    [member: string]: any;
  };
  custom_domain?: {
    domain: string;
    domain_metadata?: { [name: string]: any };
    [member: string]: any;
  };
  organization?: {
    id: string;
    name?: string;
    display_name?: string;
    metadata?: { [name: string]: any };
    [member: string]: any;
  };
  transaction?: {
    correlation_id?: string;
    [member: string]: any;
  };
}

/** The event of a token exchange. */
export interface CustomTokenExchangeEvent extends Event {
  client: {
    client_id: string;
    name?: string;
    metadata?: { [name: string]: any };
    [member: string]: any;
  };
  request: {
    ip: string;
    geoip?: {
      cityName?: string;
      continentCode?: string;
      countryCode?: string;
      countryCode3?: string;
      countryName?: string;
      latitude?: number;
      longitude?: number;
      subdivisionCode?: string;
      subdivisionName?: string;
      timeZone?: string;
      [member: string]: any;
    };
    hostname?: string;
    language?: string;
    method?: string;
    user_agent?: string;
    body?: { [name: string]: any };
    [member: string]: any;
  };
  tenant: {
    id: string;
    [member: string]: any;
  };
  transaction: {
    subject_token: string;
    subject_token_type: string;
    actor_token?: string;
    actor_token_type?: string;
    actor_token_user?: {
      email?: string;
      family_name?: string;
      given_name?: string;
      name?: string;
      nickname?: string;
      picture?: string;
      username?: string;
      app_metadata?: { [name: string]: any };
      user_metadata?: { [name: string]: any };
      phone_number?: string;
      user_id: string;
      created_at?: string;
      updated_at?: string;
      email_verified?: boolean;
      phone_verified?: boolean;
      last_password_reset?: string;
      identities?: ({
        connection?: string;
        isSocial?: boolean;
        profileData?: { [name: string]: any };
        provider?: string;
        user_id?: any;
        [member: string]: any;
      })[];
      enrolledFactors?: ({
        type: string;
        options?: { [name: string]: any };
        [member: string]: any;
      })[];
      multifactor?: (string)[];
      [member: string]: any;
    };
    requested_scopes?: (string)[];
    requested_token_type?: string;
    [member: string]: any;
  };
  organization?: {
    id: string;
    name?: string;
    display_name?: string;
    metadata?: { [name: string]: any };
    [member: string]: any;
  };
  resource_server?: {
    identifier: string;
    [member: string]: any;
  };
}

/** The event of an event stream. */
export interface EventStreamEvent extends Event {
  message: {
    id: string;
    source: string;
    specversion: string;
    type: string;
    data?: { [name: string]: any };
    time?: string;
    [member: string]: any;
  };
}

/** The event of an identifier that was entered; nobody is authenticated yet. */
export interface LoginPostIdentifierEvent extends Event {
  client: {
    client_id: string;
    name?: string;
    metadata?: { [name: string]: any };
    [member: string]: any;
  };
  request: {
    ip: string;
    geoip?: {
      cityName?: string;
      continentCode?: string;
      countryCode?: string;
      countryCode3?: string;
      countryName?: string;
      latitude?: number;
      longitude?: number;
      subdivisionCode?: string;
      subdivisionName?: string;
      timeZone?: string;
      [member: string]: any;
    };
    hostname?: string;
    language?: string;
    method?: string;
    user_agent?: string;
    asn?: string;
    query?: { [name: string]: any };
    [member: string]: any;
  };
  tenant: {
    id: string;
    [member: string]: any;
  };
  initial_connection?: {
    id?: string;
    name: string;
    strategy?: string;
    metadata?: { [name: string]: any };
    [member: string]: any;
  };
  initial_organization?: {
    id: string;
    name?: string;
    display_name?: string;
    metadata?: { [name: string]: any };
    [member: string]: any;
  };
  resource_server?: {
    identifier: string;
    [member: string]: any;
  };
  security_context?: {
    ja3?: string;
    ja4?: string;
    [member: string]: any;
  };
  transaction?: {
    correlation_id?: string;
    acr_values?: (string)[];
    locale?: string;
    login_hint?: string;
    prompt?: (string)[];
    protocol?: string;
    redirect_uri?: string;
    requested_scopes?: (string)[];
    response_mode?: string;
    response_type?: (string)[];
    state?: string;
    ui_locales?: (string)[];
    [member: string]: any;
  };
}

/** Whatever the provider publishes, for a tenant. */
export interface PasswordHashMigrationEvent extends Event {
  tenant: {
    id: string;
    [member: string]: any;
  };
}

/** The event of a password that is about to be reset. */
export interface PasswordResetPostChallengeEvent extends Event {
  client: {
    client_id: string;
    name?: string;
    metadata?: { [name: string]: any };
    [member: string]: any;
  };
  connection: {
    id?: string;
    name: string;
    strategy?: string;
    metadata?: { [name: string]: any };
    [member: string]: any;
  };
  request: {
    ip: string;
    geoip?: {
      cityName?: string;
      continentCode?: string;
      countryCode?: string;
      countryCode3?: string;
      countryName?: string;
      latitude?: number;
      longitude?: number;
      subdivisionCode?: string;
      subdivisionName?: string;
      timeZone?: string;
      [member: string]: any;
    };
    hostname?: string;
    language?: string;
    method?: string;
    user_agent?: string;
    body?: { [name: string]: any };
    query?: { [name: string]: any };
    [member: string]: any;
  };
  tenant: {
    id: string;
    [member: string]: any;
  };
  user: {
    email?: string;
    family_name?: string;
    given_name?: string;
    name?: string;
    nickname?: string;
    picture?: string;
    username?: string;
    app_metadata?: { [name: string]: any };
    user_metadata?: { [name: string]: any };
    phone_number?: string;
    user_id: string;
    created_at?: string;
    updated_at?: string;
    email_verified?: boolean;
    phone_verified?: boolean;
    last_password_reset?: string;
    identities?: ({
      connection?: string;
      isSocial?: boolean;
      profileData?: { [name: string]: any };
      provider?: string;
      user_id?: any;
      [member: string]: any;
    })[];
    enrolledFactors?: ({
      type: string;
      options?: { [name: string]: any };
      [member: string]: any;
    })[];
    [member: string]: any;
  };
  authentication?: {
    riskAssessment?: {
      supplemental?: {
        akamai?: {
          akamaiBot?: {
            action?: string;
            botCategory?: (string)[];
            botScore?: number;
            botScoreResponseSegment?: string;
            botnetId?: string;
            type?: string;
            [member: string]: any;
          };
          akamaiUserRisk?: {
            action?: string;
            allow?: number;
            emailDomain?: string;
            general?: { [name: string]: any };
            ouid?: string;
            requestid?: string;
            risk?: { [name: string]: any };
            score?: number;
            status?: number;
            trust?: { [name: string]: any };
            username?: string;
            uuid?: string;
            [member: string]: any;
          };
          [member: string]: any;
        };
        [member: string]: any;
      };
      [member: string]: any;
    };
    methods?: ({
      name: string;
      timestamp?: string;
      [member: string]: any;
    })[];
    [member: string]: any;
  };
  authorization?: {
    roles?: (string)[];
    [member: string]: any;
  };
  custom_domain?: {
    domain: string;
    domain_metadata?: { [name: string]: any };
    [member: string]: any;
  };
  organization?: {
    id: string;
    name?: string;
    display_name?: string;
    metadata?: { [name: string]: any };
    [member: string]: any;
  };
  prompt?: {
    id: string;
    fields?: { [name: string]: any };
    vars?: { [name: string]: any };
    [member: string]: any;
  };
  stats?: {
    logins_count?: number;
    [member: string]: any;
  };
  transaction?: {
    correlation_id?: string;
    locale?: string;
    login_hint?: string;
    state?: string;
    ui_locales?: (string)[];
    [member: string]: any;
  };
}

/** The event of a password that was changed. */
export interface PostChangePasswordEvent extends Event {
  connection: {
    id?: string;
    name: string;
    strategy?: string;
    metadata?: { [name: string]: any };
    [member: string]: any;
  };
  request: {
    ip: string;
    geoip?: {
      cityName?: string;
      continentCode?: string;
      countryCode?: string;
      countryCode3?: string;
      countryName?: string;
      latitude?: number;
      longitude?: number;
      subdivisionCode?: string;
      subdivisionName?: string;
      timeZone?: string;
      [member: string]: any;
    };
    hostname?: string;
    language?: string;
    method?: string;
    user_agent?: string;
    [member: string]: any;
  };
  tenant: {
    id: string;
    [member: string]: any;
  };
  user: {
    user_id?: string;
    email?: string;
    email_verified?: boolean;
    last_password_reset?: string;
    phone_number?: string;
    phone_verified?: boolean;
    username?: string;
    [member: string]: any;
  };
  authentication?: {
    riskAssessment?: {
      supplemental?: {
        akamai?: {
          akamaiBot?: {
            action?: string;
            botCategory?: (string)[];
            botScore?: number;
            botScoreResponseSegment?: string;
            botnetId?: string;
            type?: string;
            [member: string]: any;
          };
          akamaiUserRisk?: {
            action?: string;
            allow?: number;
            emailDomain?: string;
            general?: { [name: string]: any };
            ouid?: string;
            requestid?: string;
            risk?: { [name: string]: any };
            score?: number;
            status?: number;
            trust?: { [name: string]: any };
            username?: string;
            uuid?: string;
            [member: string]: any;
          };
          [member: string]: any;
        };
        [member: string]: any;
      };
      [member: string]: any;
    };
    [member: string]: any;
  };
  custom_domain?: {
    domain: string;
    domain_metadata?: { [name: string]: any };
    [member: string]: any;
  };
  transaction?: {
    correlation_id?: string;
    [member: string]: any;
  };
}

/** The event of a login. Members that every provider has are required, others are not. */
export interface PostLoginEvent extends Event {
  client: {
    client_id: string;
    name?: string;
    metadata?: { [name: string]: any };
    refresh_token?: {
      policies?: ({
        audience?: string;
        scope?: (string)[];
        [member: string]: any;
      })[];
      [member: string]: any;
    };
    [member: string]: any;
  };
  connection: {
    id?: string;
    name: string;
    strategy?: string;
    metadata?: { [name: string]: any };
    [member: string]: any;
  };
  request: {
    ip: string;
    geoip?: {
      cityName?: string;
      continentCode?: string;
      countryCode?: string;
      countryCode3?: string;
      countryName?: string;
      latitude?: number;
      longitude?: number;
      subdivisionCode?: string;
      subdivisionName?: string;
      timeZone?: string;
      [member: string]: any;
    };
    hostname?: string;
    language?: string;
    method?: string;
    user_agent?: string;
    body?: { [name: string]: any };
    query?: { [name: string]: any };
    asn?: string;
    [member: string]: any;
  };
  tenant: {
    id: string;
    [member: string]: any;
  };
  user: {
    email?: string;
    family_name?: string;
    given_name?: string;
    name?: string;
    nickname?: string;
    picture?: string;
    username?: string;
    app_metadata?: { [name: string]: any };
    user_metadata?: { [name: string]: any };
    phone_number?: string;
    user_id: string;
    created_at?: string;
    updated_at?: string;
    email_verified?: boolean;
    phone_verified?: boolean;
    last_password_reset?: string;
    identities?: ({
      connection?: string;
      isSocial?: boolean;
      profileData?: { [name: string]: any };
      provider?: string;
      user_id?: any;
      [member: string]: any;
    })[];
    enrolledFactors?: ({
      type: string;
      options?: { [name: string]: any };
      [member: string]: any;
    })[];
    multifactor?: (string)[];
    [member: string]: any;
  };
  agent?: {
    agent_id: string;
    name?: string;
    agent_metadata?: { [name: string]: any };
    [member: string]: any;
  };
  authentication?: {
    methods?: ({
      name: string;
      timestamp?: string;
      [member: string]: any;
    })[];
    riskAssessment?: {
      supplemental?: {
        akamai?: {
          akamaiBot?: {
            action?: string;
            botCategory?: (string)[];
            botScore?: number;
            botScoreResponseSegment?: string;
            botnetId?: string;
            type?: string;
            [member: string]: any;
          };
          akamaiUserRisk?: {
            action?: string;
            allow?: number;
            emailDomain?: string;
            general?: { [name: string]: any };
            ouid?: string;
            requestid?: string;
            risk?: { [name: string]: any };
            score?: number;
            status?: number;
            trust?: { [name: string]: any };
            username?: string;
            uuid?: string;
            [member: string]: any;
          };
          [member: string]: any;
        };
        [member: string]: any;
      };
      assessments?: {
        AgentDetection?: {
          code?: string;
          confidence?: string;
          details?: {
            provider?: string;
            [member: string]: any;
          };
          [member: string]: any;
        };
        ImpossibleTravel?: {
          code?: string;
          confidence?: string;
          [member: string]: any;
        };
        NewDevice?: {
          code?: string;
          confidence?: string;
          details?: {
            device?: string;
            useragent?: string;
            [member: string]: any;
          };
          [member: string]: any;
        };
        UntrustedIP?: {
          code?: string;
          confidence?: string;
          details?: {
            category?: string;
            ip?: string;
            matches?: string;
            source?: string;
            [member: string]: any;
          };
          [member: string]: any;
        };
        [member: string]: any;
      };
      confidence?: string;
      version?: string;
      [member: string]: any;
    };
    [member: string]: any;
  };
  authorization?: {
    roles?: (string)[];
    [member: string]: any;
  };
  custom_domain?: {
    domain: string;
    domain_metadata?: { [name: string]: any };
    [member: string]: any;
  };
  organization?: {
    id: string;
    name?: string;
    display_name?: string;
    metadata?: { [name: string]: any };
    [member: string]: any;
  };
  prompt?: {
    id: string;
    fields?: { [name: string]: any };
    vars?: { [name: string]: any };
    [member: string]: any;
  };
  refresh_token?: {
    id: string;
    client_id?: string;
    created_at?: string;
    device?: {
      initial_asn?: string;
      initial_ip?: string;
      initial_user_agent?: string;
      last_asn?: string;
      last_ip?: string;
      last_user_agent?: string;
      [member: string]: any;
    };
    expires_at?: string;
    idle_expires_at?: string;
    last_exchanged_at?: string;
    metadata?: { [name: string]: any };
    resource_servers?: ({
      audience?: string;
      scopes?: string;
      [member: string]: any;
    })[];
    rotating?: boolean;
    session_id?: string;
    session_transfer?: {
      parent_refresh_token?: {
        id?: string;
        [member: string]: any;
      };
      [member: string]: any;
    };
    user_id?: string;
    [member: string]: any;
  };
  resource_server?: {
    identifier: string;
    [member: string]: any;
  };
  security_context?: {
    ja3?: string;
    ja4?: string;
    [member: string]: any;
  };
  session?: {
    id: string;
    actor?: {
      sub: string;
      [member: string]: any;
    };
    authenticated_at?: string;
    clients?: ({
      client_id: string;
      [member: string]: any;
    })[];
    cookie?: {
      mode?: string;
      [member: string]: any;
    };
    created_at?: string;
    device?: {
      initial_asn?: string;
      initial_ip?: string;
      initial_user_agent?: string;
      last_asn?: string;
      last_ip?: string;
      last_user_agent?: string;
      [member: string]: any;
    };
    expires_at?: string;
    idle_expires_at?: string;
    last_interacted_at?: string;
    metadata?: { [name: string]: any };
    session_transfer?: {
      parent_refresh_token?: {
        id?: string;
        metadata?: { [name: string]: any };
        [member: string]: any;
      };
      [member: string]: any;
    };
    updated_at?: string;
    user_id?: string;
    [member: string]: any;
  };
  session_transfer_token?: {
    client_id: string;
    request?: {
      ip?: string;
      asn?: string;
      geoip?: {
        cityName?: string;
        continentCode?: string;
        countryCode?: string;
        countryCode3?: string;
        countryName?: string;
        latitude?: number;
        longitude?: number;
        subdivisionCode?: string;
        subdivisionName?: string;
        timeZone?: string;
        [member: string]: any;
      };
      user_agent?: string;
      [member: string]: any;
    };
    scope?: (string)[];
    [member: string]: any;
  };
  stats?: {
    logins_count?: number;
    [member: string]: any;
  };
  transaction?: {
    correlation_id?: string;
    acr_values?: (string)[];
    locale?: string;
    login_hint?: string;
    prompt?: (string)[];
    protocol?: string;
    redirect_uri?: string;
    requested_scopes?: (string)[];
    response_mode?: string;
    response_type?: (string)[];
    state?: string;
    ui_locales?: (string)[];
    id?: string;
    metadata?: { [name: string]: any };
    actor?: {
      sub: string;
      act?: {
        sub: string;
        act?: {
          sub: string;
          act?: {
            sub: string;
            act?: {
              sub: string;
              [member: string]: any;
            };
            [member: string]: any;
          };
          [member: string]: any;
        };
        [member: string]: any;
      };
      [member: string]: any;
    };
    actor_token_type?: string;
    linking_id?: string;
    requested_authorization_details?: ({
      type: string;
      [member: string]: any;
    })[];
    subject_token_type?: string;
    [member: string]: any;
  };
}

/** The event of a user who was created. */
export interface PostUserRegistrationEvent extends Event {
  connection: {
    id?: string;
    name: string;
    strategy?: string;
    metadata?: { [name: string]: any };
    [member: string]: any;
  };
  tenant: {
    id: string;
    [member: string]: any;
  };
  user: {
    email?: string;
    family_name?: string;
    given_name?: string;
    name?: string;
    nickname?: string;
    picture?: string;
    username?: string;
    app_metadata?: { [name: string]: any };
    user_metadata?: { [name: string]: any };
    phone_number?: string;
    user_id: string;
    created_at?: string;
    updated_at?: string;
    email_verified?: boolean;
    phone_verified?: boolean;
    last_password_reset?: string;
    [member: string]: any;
  };
  authentication?: {
    riskAssessment?: {
      supplemental?: {
        akamai?: {
          akamaiBot?: {
            action?: string;
            botCategory?: (string)[];
            botScore?: number;
            botScoreResponseSegment?: string;
            botnetId?: string;
            type?: string;
            [member: string]: any;
          };
          akamaiUserRisk?: {
            action?: string;
            allow?: number;
            emailDomain?: string;
            general?: { [name: string]: any };
            ouid?: string;
            requestid?: string;
            risk?: { [name: string]: any };
            score?: number;
            status?: number;
            trust?: { [name: string]: any };
            username?: string;
            uuid?: string;
            [member: string]: any;
          };
          [member: string]: any;
        };
        [member: string]: any;
      };
      [member: string]: any;
    };
    [member: string]: any;
  };
  custom_domain?: {
    domain: string;
    domain_metadata?: { [name: string]: any };
    [member: string]: any;
  };
  request?: {
    ip: string;
    geoip?: {
      cityName?: string;
      continentCode?: string;
      countryCode?: string;
      countryCode3?: string;
      countryName?: string;
      latitude?: number;
      longitude?: number;
      subdivisionCode?: string;
      subdivisionName?: string;
      timeZone?: string;
      [member: string]: any;
    };
    hostname?: string;
    language?: string;
    method?: string;
    user_agent?: string;
    [member: string]: any;
  };
  security_context?: {
    ja3?: string;
    ja4?: string;
    [member: string]: any;
  };
  transaction?: {
    acr_values?: (string)[];
    locale?: string;
    login_hint?: string;
    prompt?: (string)[];
    protocol?: string;
    redirect_uri?: string;
    requested_scopes?: (string)[];
    response_mode?: string;
    response_type?: (string)[];
    state?: string;
    ui_locales?: (string)[];
    [member: string]: any;
  };
}

/** The event of a sign-up. */
export interface PreUserRegistrationEvent extends Event {
  connection: {
    id?: string;
    name: string;
    strategy?: string;
    metadata?: { [name: string]: any };
    [member: string]: any;
  };
  request: {
    ip: string;
    geoip?: {
      cityName?: string;
      continentCode?: string;
      countryCode?: string;
      countryCode3?: string;
      countryName?: string;
      latitude?: number;
      longitude?: number;
      subdivisionCode?: string;
      subdivisionName?: string;
      timeZone?: string;
      [member: string]: any;
    };
    hostname?: string;
    language?: string;
    method?: string;
    user_agent?: string;
    body?: { [name: string]: any };
    [member: string]: any;
  };
  tenant: {
    id: string;
    [member: string]: any;
  };
  user: {
    email?: string;
    family_name?: string;
    given_name?: string;
    name?: string;
    nickname?: string;
    picture?: string;
    username?: string;
    app_metadata?: { [name: string]: any };
    user_metadata?: { [name: string]: any };
    phone_number?: string;
    [member: string]: any;
  };
  authentication?: {
    riskAssessment?: {
      supplemental?: {
        akamai?: {
          akamaiBot?: {
            action?: string;
            botCategory?: (string)[];
            botScore?: number;
            botScoreResponseSegment?: string;
            botnetId?: string;
            type?: string;
            [member: string]: any;
          };
          akamaiUserRisk?: {
            action?: string;
            allow?: number;
            emailDomain?: string;
            general?: { [name: string]: any };
            ouid?: string;
            requestid?: string;
            risk?: { [name: string]: any };
            score?: number;
            status?: number;
            trust?: { [name: string]: any };
            username?: string;
            uuid?: string;
            [member: string]: any;
          };
          [member: string]: any;
        };
        [member: string]: any;
      };
      [member: string]: any;
    };
    [member: string]: any;
  };
  client?: {
    client_id: string;
    name?: string;
    metadata?: { [name: string]: any };
    [member: string]: any;
  };
  custom_domain?: {
    domain: string;
    domain_metadata?: { [name: string]: any };
    [member: string]: any;
  };
  security_context?: {
    ja3?: string;
    ja4?: string;
    [member: string]: any;
  };
  transaction?: {
    correlation_id?: string;
    acr_values?: (string)[];
    locale?: string;
    login_hint?: string;
    prompt?: (string)[];
    protocol?: string;
    redirect_uri?: string;
    requested_scopes?: (string)[];
    response_mode?: string;
    response_type?: (string)[];
    state?: string;
    ui_locales?: (string)[];
    [member: string]: any;
  };
}

/** The event of a code to send. */
export interface SendPhoneMessageEvent extends Event {
  message_options: {
    action: string;
    recipient: string;
    code?: string;
    message_type?: string;
    text?: string;
    [member: string]: any;
  };
  request: {
    ip: string;
    geoip?: {
      cityName?: string;
      continentCode?: string;
      countryCode?: string;
      countryCode3?: string;
      countryName?: string;
      latitude?: number;
      longitude?: number;
      subdivisionCode?: string;
      subdivisionName?: string;
      timeZone?: string;
      [member: string]: any;
    };
    hostname?: string;
    language?: string;
    method?: string;
    user_agent?: string;
    [member: string]: any;
  };
  tenant: {
    id: string;
    [member: string]: any;
  };
  user: {
    email?: string;
    family_name?: string;
    given_name?: string;
    name?: string;
    nickname?: string;
    picture?: string;
    username?: string;
    app_metadata?: { [name: string]: any };
    user_metadata?: { [name: string]: any };
    phone_number?: string;
    user_id: string;
    created_at?: string;
    updated_at?: string;
    email_verified?: boolean;
    phone_verified?: boolean;
    last_password_reset?: string;
    identities?: ({
      connection?: string;
      isSocial?: boolean;
      profileData?: { [name: string]: any };
      provider?: string;
      user_id?: any;
      [member: string]: any;
    })[];
    [member: string]: any;
  };
  client?: {
    client_id: string;
    name?: string;
    metadata?: { [name: string]: any };
    [member: string]: any;
  };
  custom_domain?: {
    domain: string;
    domain_metadata?: { [name: string]: any };
    [member: string]: any;
  };
  security_context?: {
    ja3?: string;
    ja4?: string;
    [member: string]: any;
  };
  transaction?: {
    correlation_id?: string;
    [member: string]: any;
  };
}

/** The event of an identifier that was entered; nobody is authenticated yet. */
export interface SignupPostIdentifierEvent extends Event {
  client: {
    client_id: string;
    name?: string;
    metadata?: { [name: string]: any };
    [member: string]: any;
  };
  request: {
    ip: string;
    geoip?: {
      cityName?: string;
      continentCode?: string;
      countryCode?: string;
      countryCode3?: string;
      countryName?: string;
      latitude?: number;
      longitude?: number;
      subdivisionCode?: string;
      subdivisionName?: string;
      timeZone?: string;
      [member: string]: any;
    };
    hostname?: string;
    language?: string;
    method?: string;
    user_agent?: string;
    asn?: string;
    query?: { [name: string]: any };
    [member: string]: any;
  };
  tenant: {
    id: string;
    [member: string]: any;
  };
  initial_connection?: {
    id?: string;
    name: string;
    strategy?: string;
    metadata?: { [name: string]: any };
    [member: string]: any;
  };
  initial_organization?: {
    id: string;
    name?: string;
    display_name?: string;
    metadata?: { [name: string]: any };
    [member: string]: any;
  };
  resource_server?: {
    identifier: string;
    [member: string]: any;
  };
  security_context?: {
    ja3?: string;
    ja4?: string;
    [member: string]: any;
  };
  transaction?: {
    correlation_id?: string;
    acr_values?: (string)[];
    locale?: string;
    login_hint?: string;
    prompt?: (string)[];
    protocol?: string;
    redirect_uri?: string;
    requested_scopes?: (string)[];
    response_mode?: string;
    response_type?: (string)[];
    state?: string;
    ui_locales?: (string)[];
    [member: string]: any;
  };
}

/** `api` of the trigger credentials-exchange. */
export interface CredentialsExchangeApi {
  readonly access: {
    /** Refuses the token; later actions do not run. The code is `invalid_scope`, `invalid_request`, `server_error`. */
    deny(code: "invalid_scope" | "invalid_request" | "server_error" | (string & {}), reason?: string): CredentialsExchangeApi;
  };
  readonly accessToken: {
    /** Adds a claim to the access token; of several of one name the last counts. */
    setCustomClaim(key: string, value: any): CredentialsExchangeApi;
  };
  readonly transaction: {
    /** Adds a scope to those the token will have, as far as the client's grant has it. */
    addTargetScope(scope: string): CredentialsExchangeApi;
    /** Removes a scope from those the token will have. */
    removeTargetScope(scope: string): CredentialsExchangeApi;
    /** Sets the scopes the token will have, as far as the client's grant has them. */
    setTargetScopes(scopes: (string)[]): CredentialsExchangeApi;
    /** The token will have no scope. */
    clearTargetScopes(): CredentialsExchangeApi;
  };
  readonly cache: {
    /** The record `{value, expires_at}`, or nothing. */
    get(key: any): CacheRecord | undefined;
    /** Keeps a text for 15 minutes, or as the options say; never throws. */
    set(key: any, value: any, options?: { ttl?: any; expires_at?: any }): CacheResult;
    /** Removes a record; never throws. */
    delete(key: any): CacheResult;
  };
  readonly effects: {
    /** Orders a side effect, delivered after the verdict under a stable id. */
    send(kind: string, payload: { [name: string]: any }, options?: { on?: "allowed" | "denied" | "always" | "suspended"; key?: string; delay?: number }): CredentialsExchangeApi;
  };
}

/** `api` of the trigger custom-email-provider. */
export interface CustomEmailProviderApi {
  readonly notification: {
    /** The message could not be sent and is not tried again. */
    drop(reason: string): CustomEmailProviderApi;
    /** The message could not be sent; it is tried again, five times at most. */
    retry(reason: string): CustomEmailProviderApi;
  };
  readonly cache: {
    /** The record `{value, expires_at}`, or nothing. */
    get(key: any): CacheRecord | undefined;
    /** Keeps a text for 15 minutes, or as the options say; never throws. */
    set(key: any, value: any, options?: { ttl?: any; expires_at?: any }): CacheResult;
    /** Removes a record; never throws. */
    delete(key: any): CacheResult;
  };
  readonly effects: {
    /** Orders a side effect, delivered after the verdict under a stable id. */
    send(kind: string, payload: { [name: string]: any }, options?: { on?: "allowed" | "denied" | "always" | "suspended"; key?: string; delay?: number }): CustomEmailProviderApi;
  };
}

/** `api` of the trigger custom-phone-provider. */
export interface CustomPhoneProviderApi {
  readonly notification: {
    /** The message could not be sent and is not tried again. */
    drop(reason: string): CustomPhoneProviderApi;
    /** The message could not be sent; it is tried again, five times at most. */
    retry(reason: string): CustomPhoneProviderApi;
  };
  readonly cache: {
    /** The record `{value, expires_at}`, or nothing. */
    get(key: any): CacheRecord | undefined;
    /** Keeps a text for 15 minutes, or as the options say; never throws. */
    set(key: any, value: any, options?: { ttl?: any; expires_at?: any }): CacheResult;
    /** Removes a record; never throws. */
    delete(key: any): CacheResult;
  };
  readonly effects: {
    /** Orders a side effect, delivered after the verdict under a stable id. */
    send(kind: string, payload: { [name: string]: any }, options?: { on?: "allowed" | "denied" | "always" | "suspended"; key?: string; delay?: number }): CustomPhoneProviderApi;
  };
}

/** `api` of the trigger custom-token-exchange. */
export interface CustomTokenExchangeApi {
  readonly access: {
    /** Refuses the exchange under a code of the action's choice. */
    deny(code: string, reason: string): CustomTokenExchangeApi;
    /** Refuses the exchange as `invalid_request`, as someone may be guessing tokens. */
    rejectInvalidSubjectToken(reason: string): CustomTokenExchangeApi;
  };
  readonly authentication: {
    /** Issues the tokens for this user. */
    setUserById(user_id: string): CustomTokenExchangeApi;
    /** Issues the tokens for a user of a connection, who may be created or updated. */
    setUserByConnection(connection_name: string, user_attributes: { user_id: string; email?: string; email_verified?: boolean; family_name?: string; given_name?: string; name?: string; nickname?: string; phone_number?: string; phone_verified?: boolean; picture?: string; username?: string; verify_email?: boolean; [member: string]: any }, options: { creationBehavior: "create_if_not_exists" | "none"; updateBehavior: "replace" | "none" }): CustomTokenExchangeApi;
    /** Issues the tokens for an organization. */
    setOrganization(organization_id_or_name: string): CustomTokenExchangeApi;
    /** Sets the `act` claim: who acts for the user. */
    setActor(actor: { sub: string; type?: any; act?: { sub: string; type?: any; act?: { sub: string; type?: any; act?: { sub: string; type?: any; act?: { sub: string; type?: any; act?: null; [member: string]: any }; [member: string]: any }; [member: string]: any }; [member: string]: any }; [member: string]: any }): CustomTokenExchangeApi;
  };
  readonly user: {
    /** Keeps something about the user that they may not change; null removes it. */
    setAppMetadata(key: string, value: any): CustomTokenExchangeApi;
    setAppMetadata(values: { [key: string]: any }): CustomTokenExchangeApi;
    /** Keeps something about the user that they may change; null removes it. */
    setUserMetadata(key: string, value: any): CustomTokenExchangeApi;
    setUserMetadata(values: { [key: string]: any }): CustomTokenExchangeApi;
  };
  readonly cache: {
    /** The record `{value, expires_at}`, or nothing. */
    get(key: any): CacheRecord | undefined;
    /** Keeps a text for 15 minutes, or as the options say; never throws. */
    set(key: any, value: any, options?: { ttl?: any; expires_at?: any }): CacheResult;
    /** Removes a record; never throws. */
    delete(key: any): CacheResult;
  };
  readonly effects: {
    /** Orders a side effect, delivered after the verdict under a stable id. */
    send(kind: string, payload: { [name: string]: any }, options?: { on?: "allowed" | "denied" | "always" | "suspended"; key?: string; delay?: number }): CustomTokenExchangeApi;
  };
}

/** `api` of the trigger event-stream. */
export interface EventStreamApi {
  readonly cache: {
    /** The record `{value, expires_at}`, or nothing. */
    get(key: any): CacheRecord | undefined;
    /** Keeps a text for 15 minutes, or as the options say; never throws. */
    set(key: any, value: any, options?: { ttl?: any; expires_at?: any }): CacheResult;
    /** Removes a record; never throws. */
    delete(key: any): CacheResult;
  };
  readonly effects: {
    /** Orders a side effect, delivered after the verdict under a stable id. */
    send(kind: string, payload: { [name: string]: any }, options?: { on?: "allowed" | "denied" | "always" | "suspended"; key?: string; delay?: number }): EventStreamApi;
  };
}

/** `api` of the trigger login-post-identifier. */
export interface LoginPostIdentifierApi {
  readonly cache: {
    /** The record `{value, expires_at}`, or nothing. */
    get(key: any): CacheRecord | undefined;
    /** Keeps a text for 15 minutes, or as the options say; never throws. */
    set(key: any, value: any, options?: { ttl?: any; expires_at?: any }): CacheResult;
    /** Removes a record; never throws. */
    delete(key: any): CacheResult;
  };
  readonly effects: {
    /** Orders a side effect, delivered after the verdict under a stable id. */
    send(kind: string, payload: { [name: string]: any }, options?: { on?: "allowed" | "denied" | "always" | "suspended"; key?: string; delay?: number }): LoginPostIdentifierApi;
  };
}

/** `api` of the trigger password-hash-migration. */
export interface PasswordHashMigrationApi {
  readonly cache: {
    /** The record `{value, expires_at}`, or nothing. */
    get(key: any): CacheRecord | undefined;
    /** Keeps a text for 15 minutes, or as the options say; never throws. */
    set(key: any, value: any, options?: { ttl?: any; expires_at?: any }): CacheResult;
    /** Removes a record; never throws. */
    delete(key: any): CacheResult;
  };
  readonly effects: {
    /** Orders a side effect, delivered after the verdict under a stable id. */
    send(kind: string, payload: { [name: string]: any }, options?: { on?: "allowed" | "denied" | "always" | "suspended"; key?: string; delay?: number }): PasswordHashMigrationApi;
  };
}

/** `api` of the trigger password-reset-post-challenge. */
export interface PasswordResetPostChallengeApi {
  readonly access: {
    /** Denies; the action runs on to its end, later ones do not run. */
    deny(reason: string): PasswordResetPostChallengeApi;
  };
  readonly authentication: {
    /** Suspends until the user has proved the factor, or one of the additional ones. */
    challengeWith(factor: { type: "email" | "otp" | "phone" | "push" | "push-notification" | "webauthn-platform" | "webauthn-roaming" | "recovery-code"; options?: { [name: string]: any } }, options?: { additionalFactors?: ({ type: "email" | "otp" | "phone" | "push" | "push-notification" | "webauthn-platform" | "webauthn-roaming" | "recovery-code"; options?: { [name: string]: any } })[] }): PasswordResetPostChallengeApi;
    /** As `challengeWith`; the user chooses the factor. */
    challengeWithAny(factors: ({ type: "email" | "otp" | "phone" | "push" | "push-notification" | "webauthn-platform" | "webauthn-roaming" | "recovery-code"; options?: { [name: string]: any } })[]): PasswordResetPostChallengeApi;
  };
  readonly redirect: {
    /** Suspends after this action and sends the browser to a page of yours. */
    sendUserTo(url: string, options?: { query?: { [name: string]: any } }): PasswordResetPostChallengeApi;
    /** A signed token (HS256) for the page that the browser is sent to. */
    encodeToken(options: { expiresInSeconds?: number; payload: { [name: string]: any }; secret: string }): string;
    /** The payload of the signed token that the page sent back; throws if it is not valid. */
    validateToken(options: { secret: string; tokenParameterName?: string }): any;
  };
  readonly prompt: {
    /** Suspends after this action and has the provider show a form. */
    render(promptId: string, promptOptions?: { fields?: { [name: string]: any }; vars?: { [name: string]: any } }): PasswordResetPostChallengeApi;
  };
  readonly transaction: {
    /** Where the browser goes after the reset. */
    setResultUrl(url: string, options?: { query?: { [name: string]: any } }): PasswordResetPostChallengeApi;
  };
  readonly cache: {
    /** The record `{value, expires_at}`, or nothing. */
    get(key: any): CacheRecord | undefined;
    /** Keeps a text for 15 minutes, or as the options say; never throws. */
    set(key: any, value: any, options?: { ttl?: any; expires_at?: any }): CacheResult;
    /** Removes a record; never throws. */
    delete(key: any): CacheResult;
  };
  readonly effects: {
    /** Orders a side effect, delivered after the verdict under a stable id. */
    send(kind: string, payload: { [name: string]: any }, options?: { on?: "allowed" | "denied" | "always" | "suspended"; key?: string; delay?: number }): PasswordResetPostChallengeApi;
  };
}

/** `api` of the trigger post-change-password. */
export interface PostChangePasswordApi {
  readonly cache: {
    /** The record `{value, expires_at}`, or nothing. */
    get(key: any): CacheRecord | undefined;
    /** Keeps a text for 15 minutes, or as the options say; never throws. */
    set(key: any, value: any, options?: { ttl?: any; expires_at?: any }): CacheResult;
    /** Removes a record; never throws. */
    delete(key: any): CacheResult;
  };
  readonly effects: {
    /** Orders a side effect, delivered after the verdict under a stable id. */
    send(kind: string, payload: { [name: string]: any }, options?: { on?: "allowed" | "denied" | "always" | "suspended"; key?: string; delay?: number }): PostChangePasswordApi;
  };
}

/** `api` of the trigger post-login. */
export interface PostLoginApi {
  readonly access: {
    /** Denies; the action runs on to its end, later ones do not run. */
    deny(reason: string): PostLoginApi;
  };
  readonly validation: {
    /** Stops with an error that the provider's page shows. */
    error(errorCode: string, errorMessage: string): PostLoginApi;
  };
  readonly idToken: {
    /** Adds a claim to the ID token; of several of one name the last counts. */
    setCustomClaim(key: string, value: any): PostLoginApi;
  };
  readonly accessToken: {
    /** Adds a claim to the access token; of several of one name the last counts. */
    setCustomClaim(key: string, value: any): PostLoginApi;
    /** Grants a scope. */
    addScope(scope: string): PostLoginApi;
    /** Takes a granted scope away. */
    removeScope(scope: string): PostLoginApi;
  };
  readonly authentication: {
    /** Suspends until the user has proved the factor, or one of the additional ones. */
    challengeWith(factor: { type: "email" | "otp" | "phone" | "push" | "push-notification" | "webauthn-platform" | "webauthn-roaming" | "recovery-code"; options?: { [name: string]: any } }, options?: { additionalFactors?: ({ type: "email" | "otp" | "phone" | "push" | "push-notification" | "webauthn-platform" | "webauthn-roaming" | "recovery-code"; options?: { [name: string]: any } })[] }): PostLoginApi;
    /** As `challengeWith`; the user chooses the factor. */
    challengeWithAny(factors: ({ type: "email" | "otp" | "phone" | "push" | "push-notification" | "webauthn-platform" | "webauthn-roaming" | "recovery-code"; options?: { [name: string]: any } })[]): PostLoginApi;
    /** Suspends until the user has enrolled the factor, or one of the additional ones. */
    enrollWith(factor: { type: "otp" | "phone" | "push" | "push-notification" | "webauthn-platform" | "webauthn-roaming" | "recovery-code"; options?: { [name: string]: any } }, options?: { additionalFactors?: ({ type: "otp" | "phone" | "push" | "push-notification" | "webauthn-platform" | "webauthn-roaming" | "recovery-code"; options?: { [name: string]: any } })[] }): PostLoginApi;
    /** As `enrollWith`; the user chooses the factor. */
    enrollWithAny(factors: ({ type: "otp" | "phone" | "push" | "push-notification" | "webauthn-platform" | "webauthn-roaming" | "recovery-code"; options?: { [name: string]: any } })[]): PostLoginApi;
    /** Records a way of authentication of your own, for `event.authentication.methods`. */
    recordMethod(provider_url: string): PostLoginApi;
    /** Issues the tokens for the user that the identity was linked to. */
    setPrimaryUser(primary_user_id: string): PostLoginApi;
  };
  readonly multifactor: {
    /** Requires a second factor at the end of the flow; `none` skips it. */
    enable(provider: "any" | "none" | "guardian" | "google-authenticator" | "duo", options?: { allowRememberBrowser?: boolean; providerOptions?: { host: string; ikey: string; skey: string; username?: string } }): PostLoginApi;
  };
  readonly user: {
    /** Keeps something about the user that they may not change; null removes it. */
    setAppMetadata(key: string, value: any): PostLoginApi;
    setAppMetadata(values: { [key: string]: any }): PostLoginApi;
    /** Keeps something about the user that they may change; null removes it. */
    setUserMetadata(key: string, value: any): PostLoginApi;
    setUserMetadata(values: { [key: string]: any }): PostLoginApi;
  };
  readonly transaction: {
    /** Shares something with later actions of this transaction; null removes it. */
    setMetadata(key: string, value: string | number | boolean | null): PostLoginApi;
  };
  readonly session: {
    /** Denies and ends the session, with its refresh tokens unless they are preserved. */
    revoke(reason: string, options?: { preserveRefreshTokens?: boolean }): PostLoginApi;
    /** Ends it at this time (ms since 1970), never later than before; the earliest call counts. */
    setExpiresAt(absolute: number): PostLoginApi;
    /** Ends it at this time (ms since 1970) if it is not used; the earliest call counts. */
    setIdleExpiresAt(inactivity: number): PostLoginApi;
    /** Whether the session's cookie outlives the browser; the last call counts. */
    setCookieMode(mode: "persistent" | "non-persistent"): PostLoginApi;
    /** Keeps a text with the session; null removes it. */
    setMetadata(key: string, value: string | null): PostLoginApi;
    /** Removes one text from the session. */
    deleteMetadata(key: string): PostLoginApi;
    /** Removes all texts from the session. */
    evictMetadata(): PostLoginApi;
  };
  readonly refreshToken: {
    /** Denies the exchange and ends the refresh token; only in a refresh-token exchange. */
    revoke(reason: string): PostLoginApi;
    /** Ends it at this time (ms since 1970), never later than before; the earliest call counts. */
    setExpiresAt(absolute: number): PostLoginApi;
    /** Ends it at this time (ms since 1970) if it is not used; the earliest call counts. */
    setIdleExpiresAt(inactivity: number): PostLoginApi;
    /** Keeps a text with the refresh token, also before there is one; null removes it. */
    setMetadata(key: string, value: string | null): PostLoginApi;
    /** Removes one text from the refresh token. */
    deleteMetadata(key: string): PostLoginApi;
    /** Removes all texts from the refresh token. */
    evictMetadata(): PostLoginApi;
  };
  readonly redirect: {
    /** Suspends after this action and sends the browser to a page of yours. */
    sendUserTo(url: string, options?: { query?: { [name: string]: any } }): PostLoginApi;
    /** A signed token (HS256) for the page that the browser is sent to. */
    encodeToken(options: { expiresInSeconds?: number; payload: { [name: string]: any }; secret: string }): string;
    /** The payload of the signed token that the page sent back; throws if it is not valid. */
    validateToken(options: { secret: string; tokenParameterName?: string }): any;
    /** Whether this transaction can be redirected (deprecated by Auth0). */
    canRedirect(): boolean;
  };
  readonly prompt: {
    /** Suspends after this action and has the provider show a form. */
    render(promptId: string, promptOptions?: { fields?: { [name: string]: any }; vars?: { [name: string]: any } }): PostLoginApi;
  };
  readonly samlResponse: {
    /** Sets an attribute of the assertion; null removes it. */
    setAttribute(attribute: string, value?: string | number | boolean | null | (string | number | boolean)[]): PostLoginApi;
    /** The audience of the assertion. */
    setAudience(audience: string): PostLoginApi;
    /** The recipient of the assertion. */
    setRecipient(recipient: string): PostLoginApi;
    /** Whether a UPN claim is made. */
    setCreateUpnClaim(createUpnClaim: boolean): PostLoginApi;
    /** Whether claims without a mapping are passed on. */
    setPassthroughClaimsWithNoMapping(passthroughClaimsWithNoMapping: boolean): PostLoginApi;
    /** Whether those keep their names. */
    setMapUnknownClaimsAsIs(mapUnknownClaimsAsIs: boolean): PostLoginApi;
    /** Whether the identities are passed on. */
    setMapIdentities(mapIdentities: boolean): PostLoginApi;
    /** How it is signed. */
    setSignatureAlgorithm(signatureAlgorithm: "rsa-sha256" | "rsa-sha1"): PostLoginApi;
    /** How its digest is made. */
    setDigestAlgorithm(digestAlgorithm: "sha256" | "sha1"): PostLoginApi;
    /** Where the response goes. */
    setDestination(destination: string): PostLoginApi;
    /** How long the assertion is valid. */
    setLifetimeInSeconds(lifetimeInSeconds: number): PostLoginApi;
    /** Whether the response is signed instead of the assertion. */
    setSignResponse(signResponse: boolean): PostLoginApi;
    /** The format of the name identifier. */
    setNameIdentifierFormat(nameIdentifierFormat?: string): PostLoginApi;
    /** The attributes that may be the name identifier, in order. */
    setNameIdentifierProbes(nameIdentifierProbes: (string)[]): PostLoginApi;
    /** The class of authentication. */
    setAuthnContextClassRef(authnContextClassRef: string): PostLoginApi;
    /** The certificate that requests are checked with. */
    setSigningCert(signingCert: string): PostLoginApi;
    /** Whether attributes have a name format. */
    setIncludeAttributeNameFormat(includeAttributeNameFormat: boolean): PostLoginApi;
    /** Whether attributes have types. */
    setTypedAttributes(typedAttributes: boolean): PostLoginApi;
    /** The certificate the assertion is encrypted with. */
    setEncryptionCert(encryptionCert: string): PostLoginApi;
    /** The public key the assertion is encrypted with. */
    setEncryptionPublicKey(encryptionPublicKey: string): PostLoginApi;
    /** The certificate of the key it is signed with. */
    setCert(cert: string): PostLoginApi;
    /** The private key it is signed with. */
    setKey(key: string): PostLoginApi;
    /** The state returned to the service provider. */
    setRelayState(relayState: string): PostLoginApi;
    /** The issuer of the assertion. */
    setIssuer(issuer: string): PostLoginApi;
    /** How it is encrypted. */
    setEncryptionAlgorithm(encryptionAlgorithm: "aes256-gcm" | "aes256-cbc"): PostLoginApi;
  };
  readonly groups: {
    /** A page of the groups the user belongs to: `{groups, next?}`. */
    getUserGroups(params?: { take?: number; from?: string }): Promise<{ groups: Entry[]; next?: string }>;
    /** For each group, by id or name: `{memberships: {<asked>: {is_member, matches}}}`. */
    hasGroupMembership(groups: (string)[]): Promise<{ memberships: { [asked: string]: Membership } }>;
  };
  readonly roles: {
    /** A page of the user's roles in this organization: `{roles, next?}`. */
    getUserEffectiveRoles(params?: { take?: number; from?: string }): Promise<{ roles: Entry[]; next?: string }>;
    /** Those of the user's roles that have one of these ids: `{roles}`. */
    getUserEffectiveRolesByIds(ids: (string)[]): Promise<{ roles: Entry[] }>;
    /** Those of the user's roles that have one of these names: `{roles}`. */
    getUserEffectiveRolesByNames(names: (string)[]): Promise<{ roles: Entry[] }>;
  };
  readonly rules: {
    /** Whether a Rule ran. */
    wasExecuted(ruleId: string): boolean;
  };
  readonly cache: {
    /** The record `{value, expires_at}`, or nothing. */
    get(key: any): CacheRecord | undefined;
    /** Keeps a text for 15 minutes, or as the options say; never throws. */
    set(key: any, value: any, options?: { ttl?: any; expires_at?: any }): CacheResult;
    /** Removes a record; never throws. */
    delete(key: any): CacheResult;
  };
  readonly effects: {
    /** Orders a side effect, delivered after the verdict under a stable id. */
    send(kind: string, payload: { [name: string]: any }, options?: { on?: "allowed" | "denied" | "always" | "suspended"; key?: string; delay?: number }): PostLoginApi;
  };
}

/** `api` of the trigger post-user-registration. */
export interface PostUserRegistrationApi {
  readonly cache: {
    /** The record `{value, expires_at}`, or nothing. */
    get(key: any): CacheRecord | undefined;
    /** Keeps a text for 15 minutes, or as the options say; never throws. */
    set(key: any, value: any, options?: { ttl?: any; expires_at?: any }): CacheResult;
    /** Removes a record; never throws. */
    delete(key: any): CacheResult;
  };
  readonly effects: {
    /** Orders a side effect, delivered after the verdict under a stable id. */
    send(kind: string, payload: { [name: string]: any }, options?: { on?: "allowed" | "denied" | "always" | "suspended"; key?: string; delay?: number }): PostUserRegistrationApi;
  };
}

/** `api` of the trigger pre-user-registration. */
export interface PreUserRegistrationApi {
  readonly access: {
    /** Refuses the signup; only `userMessage` may be shown to the user. */
    deny(reason: string, userMessage?: string): PreUserRegistrationApi;
  };
  readonly validation: {
    /** Stops with an error that the provider's page shows. */
    error(errorCode: string, errorMessage: string): PreUserRegistrationApi;
  };
  readonly user: {
    /** Keeps something about the user that they may not change; null removes it. */
    setAppMetadata(key: string, value: any): PreUserRegistrationApi;
    setAppMetadata(values: { [key: string]: any }): PreUserRegistrationApi;
    /** Keeps something about the user that they may change; null removes it. */
    setUserMetadata(key: string, value: any): PreUserRegistrationApi;
    setUserMetadata(values: { [key: string]: any }): PreUserRegistrationApi;
  };
  readonly cache: {
    /** The record `{value, expires_at}`, or nothing. */
    get(key: any): CacheRecord | undefined;
    /** Keeps a text for 15 minutes, or as the options say; never throws. */
    set(key: any, value: any, options?: { ttl?: any; expires_at?: any }): CacheResult;
    /** Removes a record; never throws. */
    delete(key: any): CacheResult;
  };
  readonly effects: {
    /** Orders a side effect, delivered after the verdict under a stable id. */
    send(kind: string, payload: { [name: string]: any }, options?: { on?: "allowed" | "denied" | "always" | "suspended"; key?: string; delay?: number }): PreUserRegistrationApi;
  };
}

/** `api` of the trigger send-phone-message. */
export interface SendPhoneMessageApi {
  readonly cache: {
    /** The record `{value, expires_at}`, or nothing. */
    get(key: any): CacheRecord | undefined;
    /** Keeps a text for 15 minutes, or as the options say; never throws. */
    set(key: any, value: any, options?: { ttl?: any; expires_at?: any }): CacheResult;
    /** Removes a record; never throws. */
    delete(key: any): CacheResult;
  };
  readonly effects: {
    /** Orders a side effect, delivered after the verdict under a stable id. */
    send(kind: string, payload: { [name: string]: any }, options?: { on?: "allowed" | "denied" | "always" | "suspended"; key?: string; delay?: number }): SendPhoneMessageApi;
  };
}

/** `api` of the trigger signup-post-identifier. */
export interface SignupPostIdentifierApi {
  readonly cache: {
    /** The record `{value, expires_at}`, or nothing. */
    get(key: any): CacheRecord | undefined;
    /** Keeps a text for 15 minutes, or as the options say; never throws. */
    set(key: any, value: any, options?: { ttl?: any; expires_at?: any }): CacheResult;
    /** Removes a record; never throws. */
    delete(key: any): CacheResult;
  };
  readonly effects: {
    /** Orders a side effect, delivered after the verdict under a stable id. */
    send(kind: string, payload: { [name: string]: any }, options?: { on?: "allowed" | "denied" | "always" | "suspended"; key?: string; delay?: number }): SignupPostIdentifierApi;
  };
}
