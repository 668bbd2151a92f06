CREATE TABLE users (
  id         TEXT   NOT NULL CONSTRAINT users_id_key PRIMARY KEY,
  email      TEXT   NOT NULL,
  email_key  TEXT   NOT NULL UNIQUE,   -- in lower case
  name       TEXT   NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  version    BIGINT NOT NULL
);

-- Not part of users: an event may be about somebody whose profile is gone, or not there yet.
CREATE TABLE order_counts (
  customer_id TEXT   NOT NULL PRIMARY KEY,
  placed      BIGINT NOT NULL,
  cancelled   BIGINT NOT NULL
);

-- A broker tells an event at least once.
CREATE TABLE counted_events (
  id         TEXT   NOT NULL PRIMARY KEY,
  counted_at BIGINT NOT NULL
);
CREATE INDEX counted_events_counted_at ON counted_events (counted_at);
