CREATE TABLE accounts (
  id            TEXT   NOT NULL CONSTRAINT accounts_id_key PRIMARY KEY,
  email         TEXT   NOT NULL,
  email_key     TEXT   NOT NULL UNIQUE,          -- in lower case
  password_hash TEXT   NOT NULL,
  created_at    BIGINT NOT NULL,
  registrations BIGINT NOT NULL DEFAULT 1        -- how often somebody tried to register it
);

-- A session is all refresh tokens that come from one login.
CREATE TABLE sessions (
  id         TEXT   NOT NULL PRIMARY KEY,
  account_id TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  created_at BIGINT NOT NULL,
  revoked_at BIGINT
);
CREATE INDEX sessions_account_id ON sessions (account_id);

CREATE TABLE refresh_tokens (
  hash       TEXT   NOT NULL PRIMARY KEY,
  session_id TEXT   NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  expires_at BIGINT NOT NULL,
  used_at    BIGINT
);
CREATE INDEX refresh_tokens_session_id ON refresh_tokens (session_id);
CREATE INDEX refresh_tokens_expires_at ON refresh_tokens (expires_at);

-- Addresses need not belong to an account: an unknown one is locked as a known one is.
CREATE TABLE login_failures (
  address      TEXT   NOT NULL PRIMARY KEY,      -- SHA-256
  failures     BIGINT NOT NULL,
  last_at      BIGINT NOT NULL,
  locked_until BIGINT
);
CREATE INDEX login_failures_last_at ON login_failures (last_at);

CREATE TABLE signing_keys (
  id          TEXT   NOT NULL PRIMARY KEY,       -- RFC 7638
  created_at  BIGINT NOT NULL,
  signs_from  BIGINT NOT NULL,
  private_key TEXT   NOT NULL                    -- PKCS #8, base64
);
