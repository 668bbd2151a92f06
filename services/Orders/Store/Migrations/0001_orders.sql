CREATE TABLE orders (
  id TEXT NOT NULL CONSTRAINT orders_id_key PRIMARY KEY,
  customer_id TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  items TEXT NOT NULL,
  currency TEXT NOT NULL,
  total_minor_units BIGINT NOT NULL,
  placed_at BIGINT NOT NULL,
  cancellable_until BIGINT NOT NULL,
  cancelled_at BIGINT,
  UNIQUE (customer_id, idempotency_key)
);

CREATE INDEX orders_of_customer ON orders (customer_id, id);

-- Events that the broker has not confirmed yet; a confirmed one is deleted.
CREATE TABLE outbox (
  event_id TEXT NOT NULL CONSTRAINT outbox_event_id_key PRIMARY KEY,
  order_id TEXT NOT NULL,
  type TEXT NOT NULL,
  body TEXT NOT NULL,
  occurred_at BIGINT NOT NULL
);

CREATE INDEX outbox_in_order ON outbox (occurred_at, event_id);

-- One row: which replica delivers the events, and until when the others leave it to that one.
CREATE TABLE outbox_turn (holder TEXT NOT NULL, until BIGINT NOT NULL);

INSERT INTO outbox_turn (holder, until) VALUES ('', 0);
